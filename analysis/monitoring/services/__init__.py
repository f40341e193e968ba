"""What changes the closed schema or a look."""
