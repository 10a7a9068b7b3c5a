"""Errors of making or fetching a guest image."""


class GuestImageError(Exception):
    """The guest image cannot be had; the message says what is missing and what to do."""
