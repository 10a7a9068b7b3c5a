"""HTTP for all services: routing, authentication, microversions, validation, errors, pagination."""

from stratolith.kernel.http.response import Response

__all__ = ["Response"]
