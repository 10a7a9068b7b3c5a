"""The HTTP room: one module per REST resource."""
