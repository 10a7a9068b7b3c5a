"""Agents: hosts pull what is assigned to them and push what they observe."""
