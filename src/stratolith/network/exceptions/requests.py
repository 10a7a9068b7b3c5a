"""Errors of what compute asks of networks."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, NotFound


class NetworkAmbiguous(Conflict):
    message = "Multiple possible networks found, use a Network ID to be more specific."


class ExternalNetworkAttachForbidden(Forbidden):
    message = "It is not allowed to create an interface on external network {network_id}"


class NetworkRequiresSubnet(BadRequest):
    message = "Network {network_id} requires a subnet in order to boot instances on."


class FixedIpInUse(BadRequest):
    message = "Fixed IP address {address} is already in use on instance {server_id}."


class RequestedNetworkNotFound(BadRequest):
    message = "Network {network_id} could not be found."


class RequestedPortNotFound(BadRequest):
    message = "Port {port_id} could not be found."


class RequestedPortInUse(Conflict):
    message = "Port {port_id} is still in use."


class RequestedPortRequiresFixedIp(BadRequest):
    message = "Port {port_id} requires a FixedIP in order to be used."


class PortNameDiffers(BadRequest):
    message = (
        "Port {port_id} not usable: the value {dns_name} assigned to its dns_name attribute "
        "does not match the instance's hostname {hostname}"
    )


class RequestedSecurityGroupNotFound(BadRequest):
    message = "Security group {name} not found."


class SecurityGroupAmbiguous(Conflict):
    message = "Multiple security groups found matching '{name}'. Use an ID to be more specific."


class TooManyPorts(Forbidden):
    message = "Maximum number of ports exceeded"


class InterfaceNotFound(NotFound):
    message = "Port {port_id} could not be found."


class BadSubnetsRequest(BadRequest):
    message = "Bad subnets request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
