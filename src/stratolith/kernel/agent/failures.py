"""What a failed connection to a server means, in words for people."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from socket import gaierror

import httpx


def in_words(error: httpx.TransportError) -> str:
    """Why the server could not be asked."""
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    for cause in _causes(error):
        if isinstance(cause, gaierror):
            return "the name has no address"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there (connection refused)"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not of this cloud"
        if isinstance(cause, ssl.SSLError):
            return f"the TLS connection failed ({_tls_reason(cause)})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return str(error) or type(error).__name__


def _tls_reason(error: ssl.SSLError) -> str:
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if reason in ("wrong version number", "record layer failure"):
        return "no TLS is spoken there: is it the port for hosts?"
    return reason


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it; the original error comes last."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
