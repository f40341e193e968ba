"""Who is allocated, by the next place of a hidden list."""
