"""Compute: servers, flavors, keypairs, hypervisors (the Nova API)."""
