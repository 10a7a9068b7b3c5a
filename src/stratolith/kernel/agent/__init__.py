"""Agents: hosts fetch their desired state and report their observed state."""
