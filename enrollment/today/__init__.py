"""The way in, and the work list: what is to be done, by urgency."""
