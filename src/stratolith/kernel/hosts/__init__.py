"""The machines of a cloud: rows, certificates, joining and leaving."""
