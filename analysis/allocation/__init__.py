"""The list of kits, for those who hand them out."""
