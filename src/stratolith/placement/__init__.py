"""Inventories, allocations and candidates (the Placement API)."""
