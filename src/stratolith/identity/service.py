"""The door plate."""
