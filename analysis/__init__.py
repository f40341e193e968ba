"""Analysis: what it means."""
