"""Network drivers: what realises networks on a host."""
