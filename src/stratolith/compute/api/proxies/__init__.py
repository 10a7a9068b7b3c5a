"""Routes of the old compute API that stand for routes of other services."""
