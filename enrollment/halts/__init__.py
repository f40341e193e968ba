"""What of a trial stands still."""
