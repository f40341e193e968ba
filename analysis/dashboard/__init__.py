"""The blinded dashboard: its page, its charts, the summary behind it."""
