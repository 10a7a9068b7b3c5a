"""A package beside Stratolith: one plug-in of each kind."""
