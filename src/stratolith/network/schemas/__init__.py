"""The bodies of the network API: reading requests and rendering answers."""
