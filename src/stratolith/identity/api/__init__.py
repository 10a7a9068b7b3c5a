"""The identity API: one module per resource."""
