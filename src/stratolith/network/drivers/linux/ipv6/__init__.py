"""What IPv6 needs beside IPv4: router advertisements, DHCPv6, neighbour discovery, settings."""
