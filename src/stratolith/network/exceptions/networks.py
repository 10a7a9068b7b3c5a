"""Errors of networks and subnets."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound, Unavailable


class NetworkNotFound(NotFound):
    message = "Network {net_id} could not be found."


class SubnetNotFound(NotFound):
    message = "Subnet {subnet_id} could not be found."


class NetworkInUse(Conflict):
    message = (
        "Unable to complete operation on network {net_id}. There are one or more ports still in "
        "use on the network, id for these ports is: {ports}."
    )


class InvalidSubnetServiceType(BadRequest):
    message = "Subnet service type {service_type} does not correspond to a valid device owner."


class InvalidSharedSetting(Conflict):
    message = (
        "Unable to reconfigure sharing settings for network {network}. Multiple tenants are "
        "using it."
    )


class ExternalNetworkInUse(Conflict):
    message = (
        "External network {net_id} cannot be updated to be made non-external, since it has "
        "existing gateway ports."
    )


class FlatNetworkInUse(Conflict):
    message = "Unable to create the flat network. Physical network {physical_network} is in use."


class NetworkMTUSubnetConflict(Conflict):
    message = "MTU of {net_id} is not valid, subnet requires a minimum of {mtu}"


class VlanIdInUse(Conflict):
    message = (
        "Unable to create the network. The VLAN {vlan_id} on physical network {physical_network} "
        "is in use."
    )


class TunnelIdInUse(Conflict):
    message = "Unable to create the network. The tunnel ID {tunnel_id} is in use."


class NoNetworkAvailable(Unavailable):
    message = "Unable to create the network. No tenant network is available for allocation."


class SubnetInUse(Conflict):
    message = "Unable to complete operation on subnet {subnet_id}: {reason}"


class GatewayConflictWithAllocationPools(Conflict):
    message = "Gateway ip {ip_address} conflicts with allocation pool {pool}."


class GatewayIpInUse(Conflict):
    message = "Current gateway ip {ip_address} already in use by port {port_id}. Unable to update."


class OutOfBoundsAllocationPool(BadRequest):
    message = "The allocation pool {pool} spans beyond the subnet cidr {subnet_cidr}."


class IpamValueInvalid(Conflict):
    message = "Gateway IP {gateway_ip} cannot be the network or broadcast IP address {cidr}"


class InvalidAllocationPool(BadRequest):
    message = "The allocation pool {pool} is not valid."


class OverlappingAllocationPools(Conflict):
    message = "Found overlapping allocation pools: {pool_1} {pool_2} for subnet {subnet_cidr}."


class AllowedAddressPairExhausted(BadRequest):
    message = "The number of allowed address pair exceeds the maximum {quota}."


class HostRoutesExhausted(BadRequest):
    message = (
        "Unable to complete operation for {subnet_id}. The number of host routes exceeds the "
        "limit {quota}."
    )


class DNSNameServersExhausted(BadRequest):
    message = (
        "Unable to complete operation for {subnet_id}. The number of DNS nameservers exceeds "
        "the limit {quota}."
    )
