"""The errors that all services share.

    ApiError
      Moved 308
      BadRequest 400            NotFound 404             TooLarge 413
        ValidationFailed        MethodNotAllowed 405     UnsupportedMediaType 415
      Unauthorized 401          NotAcceptable 406        RangeNotSatisfiable 416
      Forbidden 403             Conflict 409             NotSupported 501
        QuotaExceeded           Gone 410                 Unavailable 503
                                PreconditionFailed 412

A service derives its errors from these in its ``exceptions.py``: the class attribute ``message`` is
a format string filled from keyword arguments. ``status`` and ``code`` are part of the API and are
never changed or reused. The format of an error in answers is defined by the service's dialect
(kernel/http/errors.py), not by the exception.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than success; ``str(error)`` is the text for the user."""

    status = 500
    code = ""  # frozen machine-readable code where the service has them (placement)
    message = "The server could not fulfil the request."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.details = details
        self.headers: dict[str, str] = {}
        super().__init__(message if message is not None else self.message.format(**details))

    @property
    def type(self) -> str:
        """Neutron's ``type``: the name of the class."""
        return type(self).__name__


class Moved(ApiError):
    """The client must repeat the request at the path in the header Location."""

    status = 308
    message = "The resource is at another path."


class BadRequest(ApiError):
    status = 400
    message = "The request is not valid."


class ValidationFailed(BadRequest):
    """A body, query or header does not match its schema."""


class Unauthorized(ApiError):
    status = 401
    message = "The request you have made requires authentication."


class Forbidden(ApiError):
    status = 403
    message = "You are not authorized to perform the requested action."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        if message is None and "action" in details and type(self) is Forbidden:
            message = (
                f"You are not authorized to perform the requested action: {details['action']}."
            )
        super().__init__(message, **details)


class QuotaExceeded(Forbidden):
    message = "Quota exceeded for {resource}: requested {requested}, used {used} of {limit}."


class NotFound(ApiError):
    status = 404
    message = "The resource could not be found."


class MethodNotAllowed(ApiError):
    status = 405
    message = "The method is not allowed for this resource."


class NotAcceptable(ApiError):
    status = 406
    message = "No acceptable representation can be given."


class Conflict(ApiError):
    status = 409
    message = "The request conflicts with the state of the resource."


class Gone(ApiError):
    status = 410
    message = "This resource is no longer available."


class PreconditionFailed(ApiError):
    status = 412
    message = "A precondition of the request does not hold."


class TooLarge(ApiError):
    status = 413
    message = "The request is too large."


class UnsupportedMediaType(ApiError):
    status = 415
    message = "The content type {content_type} is not supported."


class RangeNotSatisfiable(ApiError):
    status = 416
    message = "The requested range cannot be served."


class NotSupported(ApiError):
    status = 501
    message = "This is not implemented."


class Unavailable(ApiError):
    status = 503
    message = "The service is temporarily unavailable."


class CannotStart(Exception):
    """A process of the cloud cannot start; the text says why and what to do (never an answer)."""
