"""Topologies that a project gets on request."""
