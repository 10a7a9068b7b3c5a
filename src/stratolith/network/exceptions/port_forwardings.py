"""Errors of port forwardings."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class PortForwardingNotFound(NotFound):
    message = "Port Forwarding {id} could not be found."


class BadPortForwardingRequest(BadRequest):
    message = "Bad port_forwarding request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"


class FipInUseByPortForwarding(Conflict):
    message = "Floating IP {id} in use by Port Forwarding resources."


class PortHasBindingFloatingIP(Conflict):
    message = (
        "Cannot create port forwarding to floating IP {floating_ip_address} ({fip_id}) with port "
        "{port_id} using fixed IP {fixed_ip}, as that port already has a binding floating IP."
    )
