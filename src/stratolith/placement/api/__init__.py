"""HTTP: one module for each resource of the placement API."""
