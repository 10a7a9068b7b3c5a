"""Logging in: passwords and other factors, accounts, signed requests, receipts."""
