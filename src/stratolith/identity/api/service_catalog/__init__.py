"""The service catalogue over HTTP: services, endpoints, regions and what projects see of them."""
