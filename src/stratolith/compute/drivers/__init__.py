"""Hypervisor drivers: they run guests on a host."""
