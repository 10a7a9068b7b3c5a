"""Errors of ports and addresses."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class PortNotFound(NotFound):
    message = "Port {port_id} could not be found."


class IpAddressInUse(Conflict):
    message = (
        "Unable to complete operation for network {net_id}. The IP address {ip_address} is in use."
    )


class IpAddressAlreadyAllocated(Conflict):
    message = "IP address {ip} already allocated in subnet {subnet_id}"


class AllocationOnAutoAddressSubnet(BadRequest):
    message = (
        "IPv6 address {ip} cannot be directly assigned to a port on subnet {subnet_id} as the "
        "subnet is configured for automatic addresses"
    )


class IpAddressGenerationFailure(Conflict):
    message = "No more IP addresses available on network {net_id}."


class MacAddressInUse(Conflict):
    message = "Unable to complete operation for network {net_id}. The mac address {mac} is in use."


class DuplicateAddressPairInRequest(BadRequest):
    message = (
        "Request contains duplicate address pair: mac_address {mac_address} ip_address "
        "{ip_address}."
    )


class AllowedAddressPairsMissingIP(BadRequest):
    message = "AllowedAddressPair must contain ip_address"


class InvalidIpForNetwork(BadRequest):
    message = (
        "IP address {ip_address} is not a valid IP for any of the subnets on the specified network."
    )


class InvalidIpForSubnet(BadRequest):
    message = "IP address {ip_address} is not a valid IP for the specified subnet."


class PortInUse(Conflict):
    message = (
        "Unable to complete operation on port {port_id} for network {net_id}. Port already has "
        "an attached device {device_id}."
    )


class DeviceIDNotOwnedByTenant(Conflict):
    message = (
        "device_id {device_id} names a router of another project; a port of this project cannot "
        "be that router's interface."
    )


class PortBound(Conflict):
    message = (
        "Unable to complete operation on port {port_id}, port is already bound, port type: "
        "{vif_type}, old_mac {old_mac}, new_mac {new_mac}."
    )


class PortBoundNUMAAffinityPolicy(Conflict):
    message = (
        "Unable to complete operation on port {port_id}, port is already bound to host {host_id}, "
        "numa_affinity_policy value given {numa_affinity_policy}."
    )


class ServicePortInUse(Conflict):
    message = "Port {port_id} cannot be deleted directly via the port API: {reason}."


class PortSecurityPortHasSecurityGroup(Conflict):
    message = (
        "Port has security group associated. Cannot disable port security or IP address until "
        "security group is removed."
    )


class PortSecurityAndIPRequiredForSecurityGroups(BadRequest):
    message = (
        "Port security must be enabled and port must have an IP address in order to use "
        "security groups."
    )


class AddressPairAndPortSecurityRequired(Conflict):
    message = "Port Security must be enabled in order to have allowed address pairs on a port."


class UnsupportedPortDeviceOwner(Conflict):
    message = "Operation {op} is not supported for device_owner {device_owner} on port {port_id}."


class RouterPortAddressFixed(BadRequest):
    message = "Bad ports request: IP updates for port {port_id} are not allowed."

    @property
    def type(self) -> str:
        return "BadRequest"


class BadPortRequest(BadRequest):
    message = "Bad port request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"


class PortBindingNotFound(NotFound):
    message = "Binding for port {port_id} for host {host} could not be found."


class PortBindingAlreadyExists(Conflict):
    message = "Binding for port {port_id} on host {host} already exists."


class PortBindingAlreadyActive(Conflict):
    message = "Binding for port {port_id} on host {host} is already active."


class PortBindingError(Conflict):
    message = "Binding for port {port_id} on host {host} could not be created or updated: {reason}."
