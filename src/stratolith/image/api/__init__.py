"""HTTP: one module for each resource of the image API."""
