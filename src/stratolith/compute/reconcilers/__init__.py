"""Loops of the control plane that end what would otherwise be stuck."""
