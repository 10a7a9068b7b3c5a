"""Network drivers: they realise networks on a host."""
