"""Errors of subnet pools and address scopes."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, NotFound


class SubnetPoolNotFound(NotFound):
    message = "Subnet pool {subnetpool_id} could not be found."


class AddressScopeNotFound(NotFound):
    message = "Address scope {address_scope_id} could not be found."


class SubnetAllocationError(Conflict):
    message = "Failed to allocate subnet: {reason}."


class SubnetPoolInUse(Conflict):
    message = "Unable to complete operation on subnet pool. {reason}."


class MinPrefixSubnetAllocationError(BadRequest):
    message = (
        "Unable to allocate subnet with prefix length {prefixlen}, minimum allowed prefix is "
        "{min_prefixlen}."
    )


class MaxPrefixSubnetAllocationError(BadRequest):
    message = (
        "Unable to allocate subnet with prefix length {prefixlen}, maximum allowed prefix is "
        "{max_prefixlen}."
    )


class IllegalSubnetPoolPrefixBounds(BadRequest):
    message = (
        "Illegal prefix bounds: {prefix_type}={prefixlen}, {base_prefix_type}={base_prefixlen}."
    )


class IllegalSubnetPoolUpdate(BadRequest):
    message = "Illegal subnetpool update : {reason}."


class AddressScopePrefixConflict(Conflict):
    message = (
        "Failed to associate address scope: subnetpools within an address scope must have unique "
        "prefixes."
    )


class IllegalSubnetPoolIpVersionAssociationToAddressScope(BadRequest):
    message = (
        "Illegal subnetpool association: subnetpool {subnetpool_id} cannot associate with address "
        "scope {address_scope_id} because subnetpool ip_version is not {version}."
    )


class NetworkSubnetPoolAffinityError(BadRequest):
    message = "Subnets hosted on the same network must be allocated from the same subnet pool."


class NetworkAddressScopeAffinityError(BadRequest):
    message = "Subnets of a network have subnet pools of one address scope."


class SubnetPoolQuotaExceeded(Conflict):
    message = "Per-tenant subnet pool prefix quota exceeded."

    @property
    def type(self) -> str:
        return "SubnetPoolQuotaExceeded"


class AddressScopeInUse(Conflict):
    message = (
        "Unable to complete operation on address scope {address_scope_id}. There are one or "
        "more subnet pools in use on the address scope."
    )


class IllegalSubnetPoolPrefixUpdate(BadRequest):
    message = "Illegal update to prefixes: {msg}."


class PrefixVersionMismatch(BadRequest):
    message = "Cannot mix IPv4 and IPv6 prefixes in a subnet pool."


class AddrFormatError(BadRequest):
    message = "invalid IPNetwork {prefix}"


class NotAuthorized(Forbidden):
    message = "Not authorized."
