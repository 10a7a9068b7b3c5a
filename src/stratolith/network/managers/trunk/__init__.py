"""Trunks and their sub-ports."""
