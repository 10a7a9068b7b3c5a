"""Reconcilers: loops that bring the actual state to the desired state."""

from stratolith.kernel.reconcile.controller import Controller, Reconciler, Result

__all__ = ["Controller", "Reconciler", "Result"]
