"""Routes of the old compute API that call routes of other services."""
