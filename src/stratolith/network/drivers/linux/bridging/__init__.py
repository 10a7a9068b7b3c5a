"""Devices that lead frames between bridges and what other devices carry."""
