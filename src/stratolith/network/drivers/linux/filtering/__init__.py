"""Rules of security groups beyond a list of matches: their chains, no tracking, logging."""
