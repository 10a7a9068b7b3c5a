"""The rules of the service; the only room that other services may import."""
