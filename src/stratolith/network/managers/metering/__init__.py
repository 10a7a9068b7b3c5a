"""Metering of traffic through routers."""
