"""Segments of networks: their types, numbers, ranges of numbers, and hosts."""
