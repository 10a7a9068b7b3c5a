"""QoS policies, their rules and the types of rules in the API."""
