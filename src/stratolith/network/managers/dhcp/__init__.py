"""DHCP of networks: its ports, and the hosts that serve it."""
