"""QoS policies on a Linux host."""
