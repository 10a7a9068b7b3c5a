"""Stratolith: the OpenStack cloud in one stone."""

__version__ = "0.1.0"
