"""The consent texts of a study: which there are, and since when each may be used at a site."""
