"""Addresses and ranges: which are free, which are asked for, which overlap."""
