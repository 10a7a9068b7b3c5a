"""What the commands `up`, `down`, `status`, `check`, `verify` and `destroy` do."""
