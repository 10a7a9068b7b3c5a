"""Request schemas, by resource and microversion."""
