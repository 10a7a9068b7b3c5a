"""What the driver asks of the host's kernel: links, namespaces, settings, tables, flows."""
