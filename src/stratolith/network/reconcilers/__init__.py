"""What the control plane tells hosts about networks, and what they answer."""
