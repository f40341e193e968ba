"""Dates proposed for a period: for one participant, and for everybody at a site who waits."""
