"""Hypervisor drivers: what runs guests on a host."""
