"""Who may act, and where."""
