"""Geometry of charts: data in, shapes out. One file for each family."""
