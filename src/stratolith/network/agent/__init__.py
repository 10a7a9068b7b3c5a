"""The network agent: runs on hosts, applies views and proxies metadata."""
