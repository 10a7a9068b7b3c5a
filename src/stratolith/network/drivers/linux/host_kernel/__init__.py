"""Access to the host's kernel: links, namespaces, settings, tables, flows."""
