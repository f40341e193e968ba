"""The trial that the demo tells, and invented trials of any size."""
