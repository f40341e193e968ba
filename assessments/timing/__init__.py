"""When ratings were made: against the window of their visit and the dose of their period, and who is asked about it."""
