"""Errors of the network service; the class names are Neutron's ``type`` and never change."""

from __future__ import annotations

from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden, NotFound


class HTTPBadRequest(BadRequest):
    """A body or query that cannot be parsed."""


class InvalidInput(BadRequest):
    message = "Invalid input for operation: {error_message}."


class PolicyNotAuthorized(Forbidden):
    message = "rule:{action} is disallowed by policy"


class NetworkNotFound(NotFound):
    message = "Network {net_id} could not be found."


class SubnetNotFound(NotFound):
    message = "Subnet {subnet_id} could not be found."


class PortNotFound(NotFound):
    message = "Port {port_id} could not be found."


class RouterNotFound(NotFound):
    message = "Router {router_id} could not be found"


class FloatingIPNotFound(NotFound):
    message = "Floating IP {floatingip_id} could not be found"


class SecurityGroupNotFound(NotFound):
    message = "Security group {id} does not exist"


class SecurityGroupRuleNotFound(NotFound):
    message = "Security group rule {id} does not exist"


class SubnetPoolNotFound(NotFound):
    message = "Subnet pool {subnetpool_id} could not be found."


class AddressScopeNotFound(NotFound):
    message = "Address scope {address_scope_id} could not be found."


class RbacPolicyNotFound(NotFound):
    message = "RBAC policy of type {object_type} with ID {id} not found"


class AgentNotFound(NotFound):
    message = "Agent {id} could not be found."


class InvalidL3Agent(NotFound):
    message = "Agent {id} is not a L3 Agent or has been disabled"


class InvalidDHCPAgent(NotFound):
    message = "Agent {id} is not a valid DHCP Agent or has been disabled."


class RouterHostedByL3Agent(Conflict):
    message = "The router {router_id} has been already hosted by the L3 Agent {agent_id}."


class RouterSchedulingFailed(Conflict):
    message = "Failed scheduling router {router_id} to the L3 Agent {agent_id}."


class NetworkHostedByDHCPAgent(Conflict):
    message = "The network {network_id} has been already hosted by the DHCP Agent {agent_id}."


class NetworkNotHostedByDhcpAgent(Conflict):
    message = "The network {network_id} is not hosted by the DHCP Agent {agent_id}."


class NetworkHasPortsThere(Conflict):
    message = (
        "The network {network_id} has ports or routers on the host of DHCP agent {agent_id}, "
        "which therefore must serve it."
    )


class ExtensionNotFound(NotFound):
    message = "Extension with alias {alias} does not exist"


class TagNotFound(NotFound):
    message = "Tag {tag} could not be found."


class TagResourceNotFound(NotFound):
    message = "Resource {resource} {resource_id} could not be found."

    @property
    def type(self) -> str:
        return "TagResourceNotFound"


# -- networks and subnets ------------------------------------------------------------------------


class NetworkInUse(Conflict):
    message = (
        "Unable to complete operation on network {net_id}. There are one or more ports still in "
        "use on the network, id for these ports is: {ports}."
    )


class InvalidSubnetServiceType(BadRequest):
    message = "Subnet service type {service_type} does not correspond to a valid device owner."


class QuotaMissingTenant(BadRequest):
    message = "The quotas of a project were requested with a token that has no project."


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
    message = "MTU of {net_id} is not valid, a subnet requires a minimum of {mtu}."


class SegmentInUse(Conflict):
    message = (
        "Unable to create the network. The {network_type} segment {segmentation_id} on physical "
        "network {physical_network} is in use."
    )

    @property
    def type(self) -> str:
        return {"vlan": "VlanIdInUse", "vxlan": "TunnelIdInUse"}.get(
            self.details["network_type"], "FlatNetworkInUse"
        )


class NoNetworkAvailable(Conflict):
    message = "Unable to create the network. No tenant network is available for allocation."


class SubnetInUse(Conflict):
    message = "Unable to complete operation on subnet {subnet_id}: {reason}"


class GatewayConflictWithAllocationPools(Conflict):
    message = "Gateway ip {ip_address} conflicts with allocation pool {pool}."


class GatewayIpInUse(Conflict):
    message = "Current gateway ip {ip_address} already in use by port {port_id}. Unable to update."


class OutOfBoundsAllocationPool(BadRequest):
    message = "The allocation pool {pool} spans beyond the subnet cidr {subnet_cidr}."


class InvalidAllocationPool(BadRequest):
    message = "The allocation pool {pool} is not valid."


class OverlappingAllocationPools(Conflict):
    message = "Found overlapping allocation pools {pool_1} {pool_2} for subnet {subnet_cidr}."


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


# -- addresses and ports -------------------------------------------------------------------------


class IpAddressInUse(Conflict):
    message = (
        "Unable to complete operation for network {net_id}. The IP address {ip_address} is in use."
    )


class IpAddressAlreadyAllocated(Conflict):
    message = "IP address {ip} already allocated in subnet {subnet_id}"


class IpAddressGenerationFailure(Conflict):
    message = "No more IP addresses available on network {net_id}."


class MacAddressInUse(Conflict):
    message = "Unable to complete operation for network {net_id}. The mac address {mac} is in use."


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


# -- routers and floating IPs --------------------------------------------------------------------


class RouterInUse(Conflict):
    message = "Router {router_id} {reason}"


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


class SubnetMismatchForPort(BadRequest):
    message = "Subnet on port {port_id} does not match the requested subnet {subnet_id}"


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


# -- security groups -----------------------------------------------------------------------------


class SecurityGroupInUse(Conflict):
    message = "Security Group {id} in use."


class SecurityGroupDefaultAlreadyExists(Conflict):
    message = "Default security group already exists."


class SecurityGroupCannotUpdateDefault(Conflict):
    message = "Updating default security group not allowed."


class SecurityGroupCannotRemoveDefault(Conflict):
    message = "Insufficient rights for removing default security group."


class SecurityGroupRuleExists(Conflict):
    message = "Security group rule already exists. Rule id is {rule_id}."


class SecurityGroupConflict(Conflict):
    message = "Error {reason} while attempting the operation."


class InvalidCIDR(BadRequest):
    message = "Invalid CIDR {input} given as IP prefix."


class SecurityGroupRuleInvalidProtocol(BadRequest):
    message = (
        "Security group rule protocol {protocol} not supported. Only protocol values {values} "
        "and integer representations [0 to 255] are supported."
    )


class SecurityGroupRuleInvalidEtherType(BadRequest):
    message = (
        "Security group rule for ethertype '{ethertype}' not supported. Allowed values are "
        "{values}."
    )


class SecurityGroupInvalidPortRange(BadRequest):
    message = "For TCP/UDP protocols, port_range_min must be <= port_range_max"


class SecurityGroupInvalidPortValue(BadRequest):
    message = "Invalid value for port {port}"


class SecurityGroupInvalidIcmpValue(BadRequest):
    message = "Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255."


class SecurityGroupMissingIcmpType(BadRequest):
    message = (
        "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing."
    )


class SecurityGroupProtocolRequiredWithPorts(BadRequest):
    message = "Must also specify protocol if port range is given."


class SecurityGroupInvalidProtocolForPort(BadRequest):
    message = (
        "Port range cannot be specified for protocol {protocol}. Port range is only supported "
        "for {valid_port_protocols}."
    )


class SecurityGroupMultipleRemoteEntites(BadRequest):  # spelt as clients know it
    message = "Only one of remote_ip_prefix or remote_group_id may be provided."


class SecurityGroupRuleParameterConflict(BadRequest):
    message = "Conflicting value ethertype {ethertype} for CIDR {cidr}"


class SecurityGroupEthertypeConflictWithProtocol(BadRequest):
    message = "Invalid ethertype {ethertype} for protocol {protocol}."


# -- subnet pools, quotas, the rest --------------------------------------------------------------


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
        "The subnet pool cannot join the address scope: prefixes of its pools may not overlap."
    )


class IllegalSubnetPoolAssociationToAddressScope(BadRequest):
    message = (
        "Illegal subnetpool association: subnetpool {subnetpool_id} cannot be associated with "
        "address scope {address_scope_id}."
    )


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


class OverQuota(Conflict):
    message = "Quota exceeded for resources: {overs}."


class RbacPolicyInUse(Conflict):
    message = (
        "RBAC policy on object {object_id} cannot be removed because other objects depend on it."
    )


class DuplicateRbacPolicy(Conflict):
    message = "An RBAC policy already exists with those values."

    @property
    def type(self) -> str:
        return "DuplicateRbacPolicy"


class RevisionConflict(Conflict):
    message = "Constrained to {expected}, but current revision is {current}"

    status = 412

    @property
    def type(self) -> str:
        return "RevisionNumberConstraintFailed"


# -- requests of compute -------------------------------------------------------------------------


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


class InvalidQuotaValue(BadRequest):
    message = "Change would make usage less than 0 for the following resources: {unders}."
