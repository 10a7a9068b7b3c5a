"""Who is who and may do what (the Keystone API)."""
