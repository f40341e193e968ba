"""Safety alerts: raised by what a rating says, open until somebody has done something about it."""
