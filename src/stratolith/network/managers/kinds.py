"""What each resource's list shows to whom, by which filters, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing, boolean, exact, integer, named, parse_bools
from stratolith.network import models as m
from stratolith.network.exceptions import (
    AddressScopeNotFound,
    FloatingIPNotFound,
    HTTPBadRequest,
    InvalidCIDR,
    NetworkNotFound,
    PortNotFound,
    RbacPolicyNotFound,
    RouterNotFound,
    SecurityGroupNotFound,
    SecurityGroupRuleInvalidProtocol,
    SecurityGroupRuleNotFound,
    SubnetNotFound,
    SubnetPoolNotFound,
)
from stratolith.network.managers import visibility
from stratolith.network.managers.lists import (
    Kind,
    Visible,
    bare,
    checked,
    listing_of,
    nullable,
    standard,
    tagged,
)
from stratolith.network.managers.security_group_rules import PROTOCOLS
from stratolith.network.schemas.fields import Invalid, remote_prefix
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.security_groups import ethertype, port

# What an RBAC policy of this API can be about, wherever it runs
OBJECT_TYPES = (
    "address_group", "address_scope", "network", "qos_policy", "security_group", "subnetpool",
)  # fmt: skip


def _fixed_ips(values: Sequence[str]) -> ColumnElement[bool]:
    """``ip_address=10.0.0.5``, ``subnet_id=...``, ``ip_address_substr=10.0``; each must hold."""
    found: list[ColumnElement[bool]] = []
    for name, column in (("ip_address", m.FixedIp.ip_address), ("subnet_id", m.FixedIp.subnet_id)):
        wanted = [v.partition("=")[2] for v in values if v.startswith(f"{name}=")]
        if wanted:
            found.append(m.Port.id.in_(select(m.FixedIp.port_id).where(column.in_(wanted))))
    parts = [v.partition("=")[2] for v in values if v.startswith("ip_address_substr=")]
    if parts:
        like = or_(*(m.FixedIp.ip_address.contains(part, autoescape=True) for part in parts))
        found.append(m.Port.id.in_(select(m.FixedIp.port_id).where(like)))
    if not found:
        raise HTTPBadRequest(f"Invalid input for fixed_ips. Reason: '{list(values)}' is not valid.")
    return and_(*found)


def _security_groups(values: Sequence[str]) -> ColumnElement[bool]:
    members = select(m.PortSecurityGroup.port_id).where(
        m.PortSecurityGroup.security_group_id.in_(list(values))
    )
    return m.Port.id.in_(members)


def _active(values: Sequence[str]) -> ColumnElement[bool]:
    return true() if "ACTIVE" in values else false()


def _cidr(text: str) -> str:
    """A subnet in its normal spelling; an address alone is taken, though no subnet is one."""
    try:
        if "/" not in text:
            return str(addresses.address(text))
        return str(addresses.prefix(text).network)
    except ValueError:
        raise Invalid(f"{text} is not in a CIDR format.") from None


def _protocol(text: str) -> str:
    """A protocol as rules keep it; nothing stands for those without one."""
    found = text.lower()
    if found in PROTOCOLS or (found.isdecimal() and len(found) < 4 and int(found) <= 255):
        return found
    if found == "any":
        return ""
    raise SecurityGroupRuleInvalidProtocol(protocol=text, values=sorted(PROTOCOLS))


def _prefix(text: str) -> str:
    try:
        return remote_prefix(text) if text else ""
    except Invalid:
        raise InvalidCIDR(input=text) from None


def _object_type(text: str) -> str:
    if text not in OBJECT_TYPES:
        raise Invalid(f"'{text}' is not a valid RBAC object type.")
    return text


def _shared_networks(ctx: Context, values: Sequence[str]) -> ColumnElement[bool]:
    shared = or_(
        m.Network.shared.is_(True),
        m.Network.id.in_(visibility.granted(ctx.project_id, "network")),
    )
    return or_(*(shared if wanted else ~shared for wanted in parse_bools(values)))


def _shared_groups(ctx: Context, values: Sequence[str]) -> ColumnElement[bool]:
    shared = m.SecurityGroup.id.in_(visibility.granted(ctx.project_id, "security_group"))
    return or_(*(shared if wanted else ~shared for wanted in parse_bools(values)))


# -- what each resource shows --------------------------------------------------------------------


def _subnets_visible(ctx: Context) -> ColumnElement[bool]:
    if ctx.is_admin:
        return true()
    networks = select(m.Network.id).where(visibility.of_networks(ctx))
    return or_(ctx.own(m.Subnet.project_id), m.Subnet.network_id.in_(networks))


def _ports_visible(ctx: Context) -> ColumnElement[bool]:
    if ctx.is_admin:
        return true()
    own = select(m.Network.id).where(ctx.own(m.Network.project_id))
    return or_(ctx.own(m.Port.project_id), m.Port.network_id.in_(own))


def _groups_visible(ctx: Context) -> ColumnElement[bool]:
    if ctx.is_admin:
        return true()
    return or_(
        ctx.own(m.SecurityGroup.project_id),
        m.SecurityGroup.id.in_(visibility.granted(ctx.project_id, "security_group")),
    )


def _rules_visible(ctx: Context) -> ColumnElement[bool]:
    if ctx.is_admin:
        return true()
    own = select(m.SecurityGroup.id).where(ctx.own(m.SecurityGroup.project_id))
    return or_(
        ctx.own(m.SecurityGroupRule.project_id),
        m.SecurityGroupRule.security_group_id.in_(own),
    )


def _owned(model: Any) -> Visible:
    return lambda ctx: visibility.of_owned(ctx, model)


def _owned_or_shared(model: Any) -> Visible:
    return lambda ctx: or_(visibility.of_owned(ctx, model), model.shared.is_(True))


def _rbac_visible(ctx: Context) -> ColumnElement[bool]:
    return visibility.of_owned(ctx, m.RbacPolicy)


NETWORKS = Kind(
    listing_of(
        m.Network,
        ("name", "admin_state_up", "mtu"),
        tagged(
            m.Network,
            "name",
            admin_state_up=boolean(m.Network.admin_state_up),
            is_default=boolean(m.Network.is_default),
            mtu=checked(integer(m.Network.mtu), number()),
            port_security_enabled=boolean(m.Network.port_security_enabled),
            status=_active,
            subnets=lambda values: m.Network.id.in_(
                select(m.Subnet.network_id).where(m.Subnet.id.in_(list(values)))
            ),
            **{
                "router:external": boolean(m.Network.external),
                "provider:network_type": exact(m.Network.network_type),
                "provider:physical_network": exact(m.Network.physical_network),
                "provider:segmentation_id": checked(integer(m.Network.segmentation_id), number()),
            },
        ),
    ),
    visibility.of_networks,
    lambda marker: NetworkNotFound(net_id=marker),
    {"shared": _shared_networks},
)
SUBNETS = Kind(
    listing_of(
        m.Subnet,
        ("name", "network_id", "cidr", "gateway_ip", "ip_version", "enable_dhcp"),
        tagged(
            m.Subnet,
            "name",
            "network_id",
            "gateway_ip",
            "subnetpool_id",
            "ipv6_ra_mode",
            "ipv6_address_mode",
            cidr=checked(exact(m.Subnet.cidr), _cidr),
            ip_version=checked(integer(m.Subnet.ip_version), number()),
            enable_dhcp=boolean(m.Subnet.enable_dhcp),
            **{
                "router:external": lambda values: m.Subnet.network_id.in_(
                    select(m.Network.id).where(boolean(m.Network.external)(values))
                )
            },
            shared=lambda values: m.Subnet.network_id.in_(
                select(m.Network.id).where(boolean(m.Network.shared)(values))
            ),
        ),
    ),
    _subnets_visible,
    lambda marker: SubnetNotFound(subnet_id=marker),
)
PORTS = Kind(
    listing_of(
        m.Port,
        (
            "name",
            "network_id",
            "mac_address",
            "status",
            "device_id",
            "device_owner",
            "admin_state_up",
        ),
        tagged(
            m.Port,
            "name",
            "network_id",
            "device_id",
            "device_owner",
            "status",
            mac_address=lambda values: m.Port.mac_address.in_([v.lower() for v in values]),
            admin_state_up=boolean(m.Port.admin_state_up),
            port_security_enabled=boolean(m.Port.port_security_enabled),
            fixed_ips=_fixed_ips,
            security_groups=_security_groups,
            **{
                "binding:host_id": exact(m.Port.binding_host),
                "binding:vnic_type": exact(m.Port.vnic_type),
            },
        ),
    ),
    _ports_visible,
    lambda marker: PortNotFound(port_id=marker),
)
ROUTERS = Kind(
    listing_of(
        m.Router,
        ("name", "status", "admin_state_up"),
        tagged(
            m.Router,
            "name",
            admin_state_up=boolean(m.Router.admin_state_up),
        ),
    ),
    _owned(m.Router),
    lambda marker: RouterNotFound(router_id=marker),
)
FLOATING_IPS = Kind(
    listing_of(
        m.FloatingIp,
        (
            "floating_ip_address",
            "fixed_ip_address",
            "floating_network_id",
            "port_id",
            "router_id",
            "status",
        ),
        tagged(
            m.FloatingIp,
            "floating_ip_address",
            "fixed_ip_address",
            "floating_network_id",
            "port_id",
            "router_id",
            "status",
        ),
    ),
    _owned(m.FloatingIp),
    lambda marker: FloatingIPNotFound(floatingip_id=marker),
)
SECURITY_GROUPS = Kind(
    listing_of(m.SecurityGroup, ("name",), tagged(m.SecurityGroup, "name")),
    _groups_visible,
    lambda marker: SecurityGroupNotFound(id=marker),
    {"shared": _shared_groups},
)
RULES = Kind(
    listing_of(
        m.SecurityGroupRule,
        (
            "security_group_id",
            "direction",
            "ethertype",
            "protocol",
            "remote_ip_prefix",
            "remote_group_id",
            "port_range_min",
            "port_range_max",
        ),
        standard(
            m.SecurityGroupRule,
            "security_group_id",
            "direction",
            "remote_group_id",
            ethertype=checked(exact(m.SecurityGroupRule.ethertype), ethertype),
            protocol=checked(nullable(m.SecurityGroupRule.protocol), _protocol),
            remote_ip_prefix=checked(nullable(m.SecurityGroupRule.remote_ip_prefix), _prefix),
            port_range_min=checked(integer(m.SecurityGroupRule.port_range_min), port),
            port_range_max=checked(integer(m.SecurityGroupRule.port_range_max), port),
        ),
    ),
    _rules_visible,
    lambda marker: SecurityGroupRuleNotFound(id=marker),
)
SUBNETPOOLS = Kind(
    listing_of(
        m.SubnetPool,
        ("name", "ip_version", "address_scope_id"),
        tagged(
            m.SubnetPool,
            "name",
            "address_scope_id",
            ip_version=integer(m.SubnetPool.ip_version),
            shared=boolean(m.SubnetPool.shared),
            is_default=boolean(m.SubnetPool.is_default),
            default_prefixlen=checked(integer(m.SubnetPool.default_prefixlen), number()),
            min_prefixlen=checked(integer(m.SubnetPool.min_prefixlen), number()),
            max_prefixlen=checked(integer(m.SubnetPool.max_prefixlen), number()),
        ),
    ),
    _owned_or_shared(m.SubnetPool),
    lambda marker: SubnetPoolNotFound(subnetpool_id=marker),
)
ADDRESS_SCOPES = Kind(
    listing_of(
        m.AddressScope,
        ("name", "ip_version"),
        bare(
            m.AddressScope,
            "name",
            ip_version=checked(integer(m.AddressScope.ip_version), number()),
            shared=boolean(m.AddressScope.shared),
        ),
    ),
    _owned_or_shared(m.AddressScope),
    lambda marker: AddressScopeNotFound(address_scope_id=marker),
)
RBAC_POLICIES = Kind(
    listing_of(
        m.RbacPolicy,
        ("object_type", "object_id", "action"),
        bare(
            m.RbacPolicy,
            "object_id",
            "action",
            object_type=checked(exact(m.RbacPolicy.object_type), _object_type),
            target_tenant=exact(m.RbacPolicy.target_project),
        ),
    ),
    _rbac_visible,
    lambda marker: RbacPolicyNotFound(object_type="network", id=marker),
)
AVAILABILITIES = Kind(
    Listing(
        m.Network,
        filters={
            "network_id": exact(m.Network.id),
            "network_name": named(m.Network.name),
            "project_id": exact(m.Network.project_id),
            "tenant_id": exact(m.Network.project_id),
            "ip_version": lambda values: m.Network.id.in_(
                select(m.Subnet.network_id).where(integer(m.Subnet.ip_version)(values))
            ),
        },
        sort_keys={"network_id": m.Network.id, "network_name": m.Network.name},
        default_sort=[("network_id", "asc")],
    ),
    visibility.of_networks,
    lambda marker: NetworkNotFound(net_id=marker),
)
