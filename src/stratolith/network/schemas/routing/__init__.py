"""Routers: port forwarding, conntrack helpers, further gateways, NDP proxies and local IPs."""
