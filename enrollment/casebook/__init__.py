"""What is recorded of a participant outside visits, and how far its review has come."""
