"""The server processes of one cloud, and the identity of the cloud."""
