"""The server processes of one cloud, and whether two mean the same cloud."""
