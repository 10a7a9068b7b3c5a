"""Shapes of requests of the placement API."""
