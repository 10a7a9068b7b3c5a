"""Request shapes per resource and microversion."""
