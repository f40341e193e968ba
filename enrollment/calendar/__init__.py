"""What is due at sites, by day."""
