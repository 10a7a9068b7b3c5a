"""Errors of the logging API."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class LogResourceNotFound(NotFound):
    message = "Log resource {log_id} could not be found."


class InvalidLogResourceType(BadRequest):
    message = "Invalid log resource_type: {resource_type}."


class LoggingTypeNotSupported(Conflict):
    message = "Logging type {log_type} is not supported on port {port_id}."


class TargetResourceNotFound(NotFound):
    message = "Target resource {target_id} could not be found."


class ResourceNotFound(NotFound):
    message = "Resource {resource_id} could not be found."


class InvalidResourceConstraint(BadRequest):
    message = (
        "Invalid resource constraint between resource ({resource} {resource_id}) and target "
        "resource ({target_resource} {target_id})."
    )
