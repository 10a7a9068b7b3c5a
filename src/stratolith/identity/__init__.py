"""Users, projects and roles: authentication and authorisation (the Keystone API)."""
