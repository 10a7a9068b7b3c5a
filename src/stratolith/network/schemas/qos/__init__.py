"""Bodies of QoS policies and rules."""
