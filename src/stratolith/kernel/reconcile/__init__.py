"""Reconcilers: loops that make what is true what was asked for."""

from stratolith.kernel.reconcile.controller import Controller, Reconciler, Result

__all__ = ["Controller", "Reconciler", "Result"]
