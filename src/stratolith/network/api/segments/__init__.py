"""Segments and ranges of their numbers."""
