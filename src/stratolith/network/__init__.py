"""Networks, ports, routers, security groups (the Neutron API)."""
