"""The resource /trunks."""
