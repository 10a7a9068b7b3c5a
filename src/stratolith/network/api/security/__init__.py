"""What security groups refer to, what new ones get, and logs of their packets."""
