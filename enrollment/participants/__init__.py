"""The list of participants, and the page of each."""
