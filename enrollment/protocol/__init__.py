"""The trial as a value: what a protocol file says, read and checked."""
