"""The network API: one module per resource."""
