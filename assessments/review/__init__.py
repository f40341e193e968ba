"""What is said about ratings and their visits: queries, verification, signatures, locks, on pages and lists."""
