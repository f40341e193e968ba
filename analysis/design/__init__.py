"""What a planned design can show, by simulation."""
