"""The machines of a cloud: rows, their certificates, and how one joins and leaves."""
