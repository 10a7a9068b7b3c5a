"""The network's interface for servers: their ports, their requests, metadata of their guests."""
