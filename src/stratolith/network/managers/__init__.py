"""The rules of the network service; the only package of it that other services may import."""
