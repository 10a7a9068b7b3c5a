"""Errors of conntrack helpers."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, NotFound


class ConntrackHelperNotFound(NotFound):
    message = "Conntrack Helper {id} could not be found."


class ConntrackHelperNotAllowed(BadRequest):
    message = "Conntrack Helper {helper} is not allowed."


class InvalidProtocolForHelper(BadRequest):
    message = (
        "Conntrack Helper {helper} does not support: {protocol}. Supported protocols are: "
        "{supported_protocols}"
    )


class BadConntrackHelperRequest(BadRequest):
    message = "Bad conntrack_helper request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
