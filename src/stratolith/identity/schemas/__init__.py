"""Shapes of what the identity API takes."""
