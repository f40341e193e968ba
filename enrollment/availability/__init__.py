"""When a site works, and when a participant can come."""
