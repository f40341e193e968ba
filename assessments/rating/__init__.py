"""A rating: entered, drafted, corrected, shown."""
