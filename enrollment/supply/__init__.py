"""Kits at the sites: what came, what was given, what is left. Nothing here knows a treatment."""
