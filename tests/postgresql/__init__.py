"""Tests of what only PostgreSQL brings: writers at once, several servers, outages."""
