"""Errors of local IPs."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class LocalIPNotFound(NotFound):
    message = "Local IP {id} could not be found."


class LocalIPInUse(Conflict):
    message = "Local IP {id} is still associated with one or more ports."


class LocalIPNoIP(BadRequest):
    message = "Specified Port {port_id} has no fixed IPs configured."


class LocalIPRequestedIPNotFound(BadRequest):
    message = "Specified Port {port_id} does not have requested IP address: {ip}."


class LocalIPNoRequestedIP(BadRequest):
    message = (
        "Specified Port {port_id} has several IPs, should specify exact IP address to use for "
        "Local IP."
    )


class LocalIPPortOrNetworkRequired(BadRequest):
    message = "Either Port ID or Network ID must be specified for Local IP create."


class LocalIPAssociationNotFound(NotFound):
    message = "Local IP {local_ip_id} association with port {port_id} could not be found."


class LocalIPAssociationExists(Conflict):
    message = "Local IP {local_ip_id} is already associated with port {port_id}."


class BadLocalIpRequest(BadRequest):
    message = "Bad {resource} request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
