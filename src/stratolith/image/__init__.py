"""Images: records and data (the Glance API)."""
