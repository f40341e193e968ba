"""Protocol files become versions of a protocol."""
