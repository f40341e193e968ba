"""Who leaves the trial before its end."""
