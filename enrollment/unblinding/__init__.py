"""Emergency unblinding of one participant."""
