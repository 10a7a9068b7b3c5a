"""The service catalog over HTTP: services, endpoints, regions and the endpoints of projects."""
