"""Bindings of ports to hosts."""
