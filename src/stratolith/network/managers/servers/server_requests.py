"""Requests for a server's NICs, checked and completed before anything is created."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput, PolicyNotAuthorized
from stratolith.network.exceptions.requests import (
    ExternalNetworkAttachForbidden,
    FixedIpInUse,
    NetworkAmbiguous,
    NetworkRequiresSubnet,
    RequestedNetworkNotFound,
    RequestedPortInUse,
    RequestedPortNotFound,
    RequestedPortRequiresFixedIp,
)
from stratolith.network.managers import networks, ports, visibility
from stratolith.network.managers import security_groups as groups_of_network
from stratolith.network.managers.addressing import ipam
from stratolith.network.managers.qos import bindings as qos
from stratolith.network.managers.qos import demands, rules
from stratolith.network.managers.qos.demands import Demand
from stratolith.network.managers.segments import hosts, routed
from stratolith.network.models import FixedIp, Network, Port, Segment, Subnet, SubPort

EXTERNAL_RULE = "network:attach_external_network"  # a rule of compute, which calls this


@dataclass(frozen=True)
class NetworkRequest:
    """One entry of a server's "networks": a port, or a network with an optional address."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None
    tag: str | None = None


@dataclass(frozen=True)
class PlannedPort:
    """A port to create on ``network``, or an existing one to use."""

    network: Network
    port_id: str | None = None
    fixed_ip: str | None = None
    tag: str | None = None
    demands: Sequence[Demand] = ()  # on the server's host
    # of a routed network: the host must be connected to one of these segments
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PortPlan:
    """Checked requests; usable for several servers if they name no port and no address."""

    project_id: str
    ports: list[PlannedPort]
    security_group_ids: list[str]

    @property
    def new_ports(self) -> int:
        """The number of ports that a server of this plan needs beside the user's own ports."""
        return sum(1 for port in self.ports if port.port_id is None)

    @property
    def is_single(self) -> bool:
        """Whether only one server can be created from it."""
        return any(port.port_id or port.fixed_ip for port in self.ports)

    @property
    def demands(self) -> list[Sequence[Demand]]:
        """Those of each port; a scheduler grants ``{index of the port: {kind: provider}}``."""
        return [port.demands for port in self.ports]


def plan(
    ctx: Context,
    project_id: str,
    requests: Sequence[NetworkRequest] | None,
    security_groups: Sequence[str] = (),
) -> PortPlan:
    """Check the requests for a server's NICs.

    requests None or empty: the project's only network, or no port without a network. Raises
    RequestedNetworkNotFound, RequestedPortNotFound, RequestedPortInUse, NetworkRequiresSubnet,
    FixedIpInUse, NetworkAmbiguous, ExternalNetworkAttachForbidden, InvalidInput,
    RequestedSecurityGroupNotFound, SecurityGroupAmbiguous.
    """
    names = list(security_groups)
    planned = (
        [_planned(ctx, project_id, request) for request in requests]
        if requests
        else _default(ctx, project_id)
    )
    _check_repeats(planned)
    needs_groups = any(port.port_id is None for port in planned) or bool(names)
    groups = groups_of_network.resolve(ctx, project_id, names) if needs_groups else []
    return PortPlan(project_id, _with_demands(ctx, planned), groups)


def _default(ctx: Context, project_id: str) -> list[PlannedPort]:
    usable = networks.usable_by(ctx, project_id)
    if len(usable) > 1:
        raise NetworkAmbiguous
    return [PlannedPort(network, segments=_segments(ctx, network)) for network in usable]


def _planned(ctx: Context, project_id: str, request: NetworkRequest) -> PlannedPort:
    if request.port_id is not None:
        return _port(ctx, project_id, request)
    network = ctx.session.get(Network, request.network_id or "")
    if network is None or not (
        ctx.is_admin
        or visibility.may_see(ctx, network)
        or visibility.may_use(ctx, network, project_id)
    ):
        raise RequestedNetworkNotFound(network_id=request.network_id)
    if network.external and not (
        ctx.can(EXTERNAL_RULE) or visibility.is_shared_with(ctx, network, project_id)
    ):
        raise ExternalNetworkAttachForbidden(network_id=network.id)
    segments = _segments(ctx, network)
    if request.fixed_ip:
        segments = _check_address(ctx, network, request.fixed_ip)
    _check_rules(ctx, network, request)
    return PlannedPort(network, None, request.fixed_ip, request.tag, segments=segments)


def _port(ctx: Context, project_id: str, request: NetworkRequest) -> PlannedPort:
    port = ctx.session.get(Port, request.port_id or "")
    if port is None or (port.project_id != project_id and not ctx.is_admin):
        raise RequestedPortNotFound(port_id=request.port_id)
    if port.device_id or port.holder or ctx.session.get(SubPort, port.id) is not None:
        raise RequestedPortInUse(port_id=port.id)
    used = select(Subnet.segment_id).join(FixedIp, FixedIp.subnet_id == Subnet.id)
    segments = list(ctx.session.scalars(used.where(FixedIp.port_id == port.id)))
    if segments:
        reachable = frozenset(segment for segment in segments if segment)
    elif port.ip_allocation == routed.DEFERRED:
        reachable = _segments(ctx, port.network)
    else:
        raise RequestedPortRequiresFixedIp(port_id=port.id)
    return PlannedPort(port.network, port.id, None, request.tag, segments=reachable)


def _segments(ctx: Context, network: Network) -> frozenset[str]:
    """The segments with a subnet, of a routed network; raises NetworkRequiresSubnet."""
    statement = select(Subnet.segment_id).where(Subnet.network_id == network.id).distinct()
    segments = list(ctx.session.scalars(statement))
    if not segments:
        raise NetworkRequiresSubnet(network_id=network.id)
    return frozenset(segment for segment in segments if segment)


def unreachable(ctx: Context, plan: PortPlan, host_names: Iterable[str]) -> dict[str, str]:
    """Host -> why it cannot have these ports, for hosts that are not connected to a segment that
    a port needs.
    """
    wanted = [port for port in plan.ports if port.segments]
    if not wanted:
        return {}
    ids = frozenset[str]().union(*(port.segments for port in wanted))
    segments = {s.id: s for s in ctx.session.scalars(select(Segment).where(Segment.id.in_(ids)))}
    connected = hosts.of_all(ctx)
    reasons = {}
    for host in host_names:
        known = connected.get(host) or hosts.always(ctx)
        for port in wanted:
            places = [segments[s].physical_network for s in port.segments if s in segments]
            if not any(not place or place in known for place in places):
                reasons[host] = f"is connected to no segment of network {port.network.id}"
    return reasons


def _check_rules(ctx: Context, network: Network, request: NetworkRequest) -> None:
    """Raise PolicyNotAuthorized if the caller could not create this port with the network API."""
    if ctx.identity is None:
        return  # a call of the cloud itself
    asking = ctx.beside(ctx.env.service("network"))
    target = {
        **network.policy_target(),
        "project_id": ctx.project_id,
        "tenant_id": ctx.project_id,
        "shared": not ctx.owns(network.project_id),  # otherwise it was refused before
    }
    rules = ["create_port"]
    if request.fixed_ip:
        rules += ["create_port:fixed_ips", "create_port:fixed_ips:ip_address"]
    for rule in rules:
        if not asking.can(rule, target):
            raise PolicyNotAuthorized(action=rule)


def _check_address(ctx: Context, network: Network, text: str) -> frozenset[str]:
    """The segment of the address, of a routed network."""
    try:
        address = addresses.address(text)
    except ValueError:
        raise InvalidInput(error_message=f"'{text}' is not a valid IP address") from None
    subnets = [
        subnet
        for subnet in ports.subnets_of(ctx, network.id)
        if address in ipam.network_of(subnet.cidr)
    ]
    if not subnets:
        raise InvalidInput(
            error_message=f"Fixed IP {text} is not a valid ip address for network {network.id}"
        )
    user = ctx.session.execute(
        select(Port.holder_id, Port.project_id)
        .join(FixedIp, FixedIp.port_id == Port.id)
        .where(FixedIp.network_id == network.id, FixedIp.ip_address == str(address))
    ).first()
    if user is not None:
        is_visible = ctx.is_admin or ctx.owns(user.project_id)
        raise FixedIpInUse(
            address=text, server_id=user.holder_id if is_visible else "of another project"
        )
    return frozenset(subnet.segment_id for subnet in subnets if subnet.segment_id)


def _with_demands(ctx: Context, planned: Sequence[PlannedPort]) -> list[PlannedPort]:
    """The ports with what the rules of their policies need of a host."""
    policies = []
    for port in planned:
        row = ctx.session.get_one(Port, port.port_id) if port.port_id else None
        own = qos.effective(row, port.network) if row is not None else port.network.qos_policy_id
        policies.append((own, row.vnic_type if row is not None else "normal"))
    used = {policy_id for policy_id, _ in policies if policy_id}
    if not used:
        return list(planned)
    known = rules.of(ctx, used)
    return [
        replace(port, demands=demands.of(known.get(policy_id or "", ()), port.network, vnic_type))
        for port, (policy_id, vnic_type) in zip(planned, policies, strict=True)
    ]


def _check_repeats(planned: Sequence[PlannedPort]) -> None:
    taken = [port.port_id for port in planned if port.port_id]
    if len(taken) != len(set(taken)):
        repeated = next(port for port in taken if taken.count(port) > 1)
        raise InvalidInput(error_message=f"Port ID {repeated} was specified twice")
