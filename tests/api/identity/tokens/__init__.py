"""Tokens and what is given in their place: made, confined, delegated, ended."""
