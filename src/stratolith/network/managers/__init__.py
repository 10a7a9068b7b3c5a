"""The rules of the network service; the only room other services may import."""
