"""What people say about a record: queries, source verification, signatures and locks."""
