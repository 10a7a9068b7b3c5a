"""Errors of routers and floating IPs."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound


class RouterNotFound(NotFound):
    message = "Router {router_id} could not be found"


class FloatingIPNotFound(NotFound):
    message = "Floating IP {floatingip_id} could not be found"


class RouterInUse(Conflict):
    message = "Router {router_id} {reason}"


class NoVRIDAvailable(Conflict):
    message = (
        "No more Virtual Router Identifier (VRID) available when creating router {router_id}. "
        "The limit of number of HA Routers per project is 255."
    )


class RouterInterfaceInUseByRoute(Conflict):
    message = (
        "Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it "
        "is required by one or more routes."
    )


class RouterInterfaceInUseByFloatingIP(Conflict):
    message = (
        "Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it "
        "is required by one or more floating IPs."
    )


class RouterInterfaceNotFound(NotFound):
    message = "Router {router_id} does not have an interface with id {port_id}"


class RouterInterfaceNotFoundForSubnet(NotFound):
    message = "Router {router_id} has no interface on subnet {subnet_id}"


class RouterExternalGatewayInUseByFloatingIp(Conflict):
    message = (
        "Gateway cannot be updated for router {router_id}, since a gateway to external network "
        "{net_id} is required by one or more floating IPs."
    )


class UnableToAddExtraGateways(BadRequest):
    message = "Unable to add extra gateways to a router {router_id}: {reason}"


class UnableToRemoveGateways(BadRequest):
    message = "Unable to remove extra gateways from a router {router_id}: {reason}"


class UnableToMatchGateways(BadRequest):
    message = (
        "Unable to match a requested gateway port to existing gateway ports for router "
        "{router_id}: {reason}"
    )


class InvalidRoutes(BadRequest):
    message = "Invalid format for routes: {routes}, {reason}"


class RoutesExhausted(BadRequest):
    message = (
        "Unable to complete operation for {router_id}. The number of routes exceeds the maximum "
        "{quota}."
    )


class FloatingIPPortAlreadyAssociated(Conflict):
    message = (
        "Cannot associate floating IP {floating_ip_address} ({fip_id}) with port {port_id} using "
        "fixed IP {fixed_ip}, as that fixed IP already has a floating IP on external network "
        "{net_id}."
    )


class ExternalGatewayForFloatingIPNotFound(NotFound):
    message = (
        "External network {external_network_id} is not reachable from subnet {subnet_id}.  "
        "Therefore, cannot associate Port {port_id} with a Floating IP."
    )


class RouterWithoutGatewayToNetwork(Conflict):
    message = "Router {router_id} has no external gateway on network {network_id}"

    @property
    def type(self) -> str:
        return "Conflict"


class SubnetMismatchForPort(BadRequest):
    message = "Subnet on port {port_id} does not match the requested subnet {subnet_id}."


class BadRouterRequest(BadRequest):
    message = "Bad router request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"


class BadFloatingipRequest(BadRequest):
    message = "Bad floatingip request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"
