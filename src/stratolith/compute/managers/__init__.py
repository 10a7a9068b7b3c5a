"""The rules of the service; the only modules that other services may import."""
