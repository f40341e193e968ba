"""Exports: one query a file, streamed by the database itself; a codebook and a manifest beside them."""
