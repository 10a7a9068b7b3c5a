"""Control-plane loops of the image service."""
