"""Schemas of requests to the placement API."""
