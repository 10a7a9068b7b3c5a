"""Errors of auto-allocated topologies."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict


class AutoAllocationFailure(Conflict):
    message = "Deployment error: {reason}."


class DefaultExternalNetworkExists(Conflict):
    message = "A default external network already exists: {net_id}."


class BadTopologyRequest(BadRequest):
    message = "Bad auto_allocate request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
