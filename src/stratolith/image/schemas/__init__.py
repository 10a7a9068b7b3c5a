"""Schemas of requests and answers of the image API."""
