"""Errors of the identity service."""

from __future__ import annotations

from stratolith.kernel.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Unauthorized,
)


class ResourceNotFound(NotFound):
    """``kind`` is the resource's name in the API: user, project, role ..."""

    message = "Could not find {kind}: {id}."


class PkiGone(Gone):
    message = "This API is no longer available due to the removal of support for PKI tokens."


class TokenNotFound(NotFound):
    message = "Could not find token."


class Duplicate(Conflict):
    """``reason`` is a whole sentence."""

    message = "Conflict occurred attempting to store {kind} - {reason}"


class PasswordExpired(Unauthorized):
    message = "The password is expired and needs to be changed for user: {user_id}."


class PasswordInvalid(BadRequest):
    message = "Password validation error: {detail}."


class SelfServiceFailed(BadRequest):
    message = "Password change failed: {detail}."


class NotAllowed(Forbidden):
    """Policy allows the request, but the state of the resource forbids it."""

    message = "{reason}"


class DomainConfigNotFound(NotFound):
    message = "Could not find {what} in domain configuration for domain {id}."


class InvalidDomainConfig(Forbidden):
    message = "Invalid domain specific configuration: {reason}."


class InvalidLimit(Forbidden):
    message = "Invalid resource limit: {reason}."


class NoRegisteredLimit(Forbidden):
    message = "Unable to create a limit that has no corresponding registered limit."


class RegisteredLimitInUse(Forbidden):
    message = (
        "Unable to update or delete registered limit {id} because there are project limits "
        "associated with it."
    )


class SignatureKeyNotFound(NotFound):
    message = "EC2 access key not found."
