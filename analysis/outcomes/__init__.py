"""Response, remission and what they rest on: derived, explained, adopted."""
