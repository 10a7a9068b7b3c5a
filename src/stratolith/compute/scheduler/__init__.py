"""Choosing a host: filters say which fit, weighers say which is best."""
