"""What waits for somebody today."""
