"""Background work of identity."""
