"""Errors of the network service; the class names are Neutron's ``type`` and never change."""
