"""Reconcilers of the control plane: they end operations that would be stuck."""
