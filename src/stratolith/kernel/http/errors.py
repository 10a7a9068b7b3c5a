"""The error bodies of each service.

Sources: the API references of identity, compute, network, image and placement (section "Errors" or
"Faults") and answers recorded from the real services (tests/parity).
"""

from __future__ import annotations

import html
from enum import Enum
from typing import Any

import msgspec

from stratolith.kernel.exceptions import ApiError

TITLES = {
    300: "Multiple Choices",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}

# Statuses that are missing here, such as 406, are a computeFault.
FAULT_NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    500: "computeFault",
    501: "notImplemented",
    503: "serviceUnavailable",
}


# Names of the kernel's errors for clients of the network API.
NETWORK_TYPES = {
    "BadRequest": "HTTPBadRequest",
    "ValidationFailed": "HTTPBadRequest",
    "InvalidSort": "HTTPBadRequest",
    "InvalidLimit": "BadRequest",
    "Forbidden": "PolicyNotAuthorized",
    "NotFound": "HTTPNotFound",
    "MethodNotAllowed": "HTTPMethodNotAllowed",
    "UnsupportedMediaType": "HTTPUnsupportedMediaType",
    "PreconditionFailed": "HTTPPreconditionFailed",
}


MOST_CHARACTERS = 2000  # of a message


class ErrorDialect(Enum):
    """The error body of a service."""

    IDENTITY = "identity"  # {"error": {"code", "message", "title"}}
    FAULT_NAME = "fault"  # {"itemNotFound": {"code", "message"}}
    NETWORK = "network"  # {"NeutronError": {"type", "message", "detail"}}
    IMAGE = "image"  # HTML, or {"message", "code", "title"} when JSON is asked for
    PLACEMENT = "placement"  # {"errors": [{"status", "title", "detail", "code", "request_id"}]}
    PLAIN = "plain"  # text (metadata, agent API)


def render(
    dialect: ErrorDialect, error: ApiError, *, accept: str, request_id: str
) -> tuple[bytes, str]:
    """(body, content type) of an error."""
    if dialect is ErrorDialect.IMAGE and "application/json" not in accept:
        return _html(error), "text/html; charset=UTF-8"
    if dialect is ErrorDialect.PLAIN:
        return f"{text_of(error)}\n".encode(), "text/plain; charset=UTF-8"
    return msgspec.json.encode(_document(dialect, error, request_id)), "application/json"


def text_of(error: ApiError) -> str:
    """The message, shortened: it may repeat a long value of the request."""
    text = str(error)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def title_of(status: int) -> str:
    return TITLES.get(status, "Error")


def _document(dialect: ErrorDialect, error: ApiError, request_id: str) -> dict[str, Any]:
    status, text = error.status, text_of(error)
    if dialect is ErrorDialect.FAULT_NAME and status != 401:
        return {FAULT_NAMES.get(status, "computeFault"): {"code": status, "message": text}}
    if dialect is ErrorDialect.NETWORK and status != 401:
        detail = error.details.get("detail", "")
        kind = NETWORK_TYPES.get(type(error).__name__, error.type)
        return {"NeutronError": {"type": kind, "message": text, "detail": detail}}
    if dialect is ErrorDialect.PLACEMENT and status != 401:
        document = {
            "status": status,
            "title": title_of(status),
            "detail": text,
            "request_id": request_id,
            "code": error.code or "placement.undefined_code",
        }
        document.update(error.details.get("extra", {}))
        return {"errors": [document]}
    if dialect is ErrorDialect.IMAGE:
        return {"message": text, "code": f"{status} {title_of(status)}", "title": title_of(status)}
    return {"error": {"code": status, "message": text, "title": title_of(status)}}


def _html(error: ApiError) -> bytes:
    title = f"{error.status} {title_of(error.status)}"
    text = html.escape(text_of(error))
    return (
        f"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n"
        f"  <h1>{title}</h1>\n  {text}<br /><br />\n\n\n </body>\n</html>"
    ).encode()
