"""Addresses and ranges: free ones, requested ones, overlaps."""
