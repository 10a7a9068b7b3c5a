"""Parts of a router's namespace."""
