"""Schemas of requests to the identity API."""
