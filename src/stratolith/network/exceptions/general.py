"""Errors of every resource."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, NotFound


class HTTPBadRequest(BadRequest):
    """A body or query that cannot be parsed."""


class InvalidInput(BadRequest):
    message = "Invalid input for operation: {error_message}."


class PolicyNotAuthorized(Forbidden):
    message = "rule:{action} is disallowed by policy"


class ExtensionNotFound(NotFound):
    message = "Extension with alias {alias} does not exist"


class TagNotFound(NotFound):
    message = "Tag {tag} could not be found."


class TagResourceNotFound(NotFound):
    message = "Resource {resource} {resource_id} could not be found."

    @property
    def type(self) -> str:
        return "TagResourceNotFound"


class QuotaMissingTenant(BadRequest):
    message = "The quotas of a project were requested with a token that has no project."


class OverQuota(Conflict):
    message = "Quota exceeded for resources: {overs}."


class RevisionConflict(Conflict):
    message = "Constrained to {expected}, but current revision is {current}"

    status = 412

    @property
    def type(self) -> str:
        return "RevisionNumberConstraintFailed"


class InvalidQuotaValue(BadRequest):
    message = "Change would make usage less than 0 for the following resources: {unders}."
