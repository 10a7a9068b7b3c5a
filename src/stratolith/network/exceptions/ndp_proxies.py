"""Errors of NDP proxies."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class NDPProxyNotFound(NotFound):
    message = "Ndp proxy {id} could not be found."


class RouterGatewayInUseByNDPProxy(Conflict):
    message = (
        "Unable to unset external gateway of router {router_id}, There are one or more ndp proxies "
        "still in use on the router."
    )


class RouterInterfaceInUseByNDPProxy(Conflict):
    message = (
        "Unable to remove subnet {subnet_id} from router {router_id}, There are one or more ndp "
        "proxies still in use on the subnet."
    )


class AddressScopeConflict(Conflict):
    message = (
        "The IPv6 address scope {ext_address_scope} of external network conflict with internal "
        "network's IPv6 address scope {internal_address_scope}."
    )


class RouterGatewayNotValid(Conflict):
    message = "Can not enable ndp proxy on router {router_id}, {reason}."


class RouterNDPProxyNotEnable(Conflict):
    message = (
        "The enable_ndp_proxy parameter of router {router_id} must be set as True while create ndp "
        "proxy entry on it."
    )


class PortUnreachableRouter(Conflict):
    message = "The port {port_id} cannot reach the router {router_id} by IPv6 subnet."


class InvalidAddress(BadRequest):
    message = "The address {address} is invalid, reason: {reason}."


class RouterIPv6GatewayInUse(Conflict):
    message = (
        "Can't remove the IPv6 subnet from external gateway of router {router_id}, the IPv6 subnet "
        "in use by the router's ndp proxy."
    )


class BadNdpProxyRequest(BadRequest):
    message = "Bad ndp_proxy request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
