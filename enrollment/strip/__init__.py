"""A participant's way through the trial as one line: what is drawn, and its words."""
