"""Errors of the compute service."""

from __future__ import annotations

from stratolith.kernel.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
)


class FlavorNotFound(NotFound):
    message = "Flavor {flavor_id} could not be found."


class FlavorExists(Conflict):
    message = "Flavor with name {name} already exists."


class FlavorIdExists(Conflict):
    message = "Flavor with ID {flavor_id} already exists."


class FlavorAccessExists(Conflict):
    message = "Flavor access already exists for flavor {flavor_id} and project {project_id}."


class FlavorAccessNotFound(NotFound):
    message = "Flavor access not found for flavor {flavor_id} and project {project_id}."


class ExtraSpecNotFound(NotFound):
    message = "Flavor {flavor_id} has no extra specs with key {key}."


class KeypairNotFound(NotFound):
    message = "Keypair {name} not found for user {user_id}."


class KeypairExists(Conflict):
    message = "Key pair '{name}' already exists."


class InvalidKeypair(BadRequest):
    message = "Keypair data is invalid: {reason}."


class ServerNotFound(NotFound):
    message = "Instance {server_id} could not be found."


class InvalidDisk(BadRequest):
    """``reason``: why a requested disk is not possible."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Block Device Mapping is Invalid: {reason}")


class InvalidState(Conflict):
    message = "Cannot '{action}' instance {server_id} while it is in {attribute} {state}"


class NeverActive(Conflict):
    message = "Cannot '{action}' an instance which has never been active"


class ServerLocked(Conflict):
    message = "Instance {server_id} is locked."


class ServerNotReady(Conflict):
    message = "Instance {server_id} is not ready."


class HostDown(Conflict):
    message = "Service is unavailable at this time: the host of instance {server_id} is down."


class HostNotFound(NotFound):
    message = "Compute host {host} could not be found."


class ServiceNotFound(NotFound):
    message = "Service {service_id} could not be found."


class HypervisorNotFound(NotFound):
    message = "Hypervisor with ID '{hypervisor_id}' could not be found."


class NoValidHost(BadRequest):
    """For a create request this is not an HTTP error: it becomes the server's fault."""

    message = "No valid host was found. {reason}"


class QuotaExceeded(Forbidden):
    message = (
        "Quota exceeded for {overs}: Requested {requested}, but already used {used} of "
        "{limits} {overs}"
    )


class ItemNotFound(NotFound):
    message = "{what} could not be found."


class TagNotFound(NotFound):
    message = "Server {server_id} has no tag '{tag}'."


class ActionNotFound(NotFound):
    message = "Action for request_id {request_id} on instance {server_id} not found."


class AggregateNotFound(NotFound):
    message = "Aggregate {aggregate_id} could not be found."


class HostDrains(Conflict):
    message = "Host {host} is draining: it is enabled by `stratolith host activate {host}`."


class AggregateExists(Conflict):
    message = "Aggregate {name} already exists."


class ServerGroupNotFound(NotFound):
    message = "Instance group {group_id} could not be found."


class CreateWithPortResourceRequestOldVersion(BadRequest):
    message = (
        "Creating servers with ports having resource requests, like a port with a QoS minimum "
        "bandwidth policy, is not supported until microversion 2.72."
    )


class InterfaceAttachResourceAllocationFailed(BadRequest):
    message = (
        "Failed to allocate additional resources to {server_id} during interface attach: its "
        "host cannot guarantee {demands}"
    )


class NotOffered(BadRequest):
    message = "{what} is not offered by this cloud yet."
