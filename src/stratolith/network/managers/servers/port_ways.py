"""The way of a server's port to the outside: what the database says of it, and whom to ask.

For ``stratolith diagnose``; the hosts' own answers are in ``network/drivers/hops.py``.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import questions
from stratolith.kernel.hosts import records as host_records
from stratolith.network.drivers.hops import ORDER, Asked, FloatingPair, Hop
from stratolith.network.drivers.ovn import central, ways
from stratolith.network.managers import holders, placement
from stratolith.network.managers.routing import gateway_ports
from stratolith.network.models import (
    FixedIp,
    FloatingIp,
    Network,
    Port,
    PortSecurityGroup,
    Router,
    SecurityGroupRule,
    Subnet,
)
from stratolith.network.settings import NetworkSettings

QUESTION = "network.diagnose"
SECONDS = 15.0


class Way(msgspec.Struct, kw_only=True):
    """One port of a server. hops: (host, hop) in the order of the way; host "": the database.

    asked: host -> its question. central: the question to OVN's databases, where the cloud has them.
    """

    port_id: str
    network_id: str
    network: str
    addresses: list[str]
    hops: list[tuple[str, Hop]]
    asked: dict[str, Asked] = {}
    central: ways.Question | None = None


def of_server(ctx: Context, server_id: str) -> list[Way]:
    """The ways of a server's ports, as far as the database knows them."""
    held = select(Port).where(holders.held_by(holders.SERVER, server_id)).order_by(Port.created_at)
    return [_way(ctx, port) for port in ctx.session.scalars(held)]


def ask(ctx: Context, of_ports: list[Way]) -> None:
    """Add the answers of the hosts; commits the transaction of ``ctx`` first."""
    for way in of_ports:
        params = {host: msgspec.to_builtins(asked) for host, asked in way.asked.items()}
        answers = questions.ask_hosts(ctx, params, QUESTION, SECONDS) if params else {}
        for host, answer in answers.items():
            way.hops += [(host, hop) for hop in _answered(host, answer)]
        if way.central is not None:
            directory = central.directory_of(ctx.env.settings.state_dir)
            way.hops += [("", hop) for hop in ways.hops(directory, way.central)]
        way.hops.sort(key=lambda entry: ORDER.index(entry[1].name))


def _answered(host: str, answer: dict[str, Any] | None) -> list[Hop]:
    if answer is None:
        text = "the host does not answer"
        advice = f"stratolith status; on {host}: stratolith logs agent"
        return [Hop(name="port", passed=False, text=text, advice=advice)]
    if answer.get("error"):
        return [Hop(name="port", passed=False, text=str(answer["error"]))]
    return msgspec.convert(answer.get("hops", []), list[Hop])


def _way(ctx: Context, port: Port) -> Way:
    own = select(FixedIp.ip_address).where(FixedIp.port_id == port.id).order_by(FixedIp.position)
    addresses = list(ctx.session.scalars(own))
    network = ctx.session.get_one(Network, port.network_id)
    hops = [*_port(ctx, port, addresses), *_rules(ctx, port)]
    way = Way(
        port_id=port.id,
        network_id=network.id,
        network=network.name,
        addresses=addresses,
        hops=[("", hop) for hop in hops],
    )
    routers = _routers(ctx, port.network_id)
    floating = _floating(ctx, port.id)
    way.hops += [("", hop) for hop in _gateways(ctx, port, routers, floating)]
    by_host: dict[str, list[str]] = {port.binding_host: []} if port.binding_host else {}
    for router_id, host in placement.hosts_of(ctx, routers).items():
        by_host.setdefault(host, []).append(router_id)
    way.asked = {
        host: Asked(
            port_id=port.id,
            network_id=port.network_id,
            mac=port.mac_address,
            addresses=addresses,
            is_bound_here=host == port.binding_host,
            routers=router_ids,
            floating_ips=[pair for pair in floating if pair.router_id in router_ids],
        )
        for host, router_ids in by_host.items()
    }
    if ctx.env.settings.of(NetworkSettings).driver == "ovn" and not ctx.env.settings.fake:
        way.central = _central(ctx, port, routers, floating)
    return way


def _central(
    ctx: Context, port: Port, router_ids: list[str], floating: list[FloatingPair]
) -> ways.Question:
    outer = gateway_ports.of_routers(ctx, router_ids)
    return ways.Question(
        port_id=port.id,
        host=port.binding_host,
        gateways={key: [port_id for port_id, _ in outer.get(key, ())] for key in router_ids},
        floating_ips=floating,
    )


def _port(ctx: Context, port: Port, addresses: list[str]) -> list[Hop]:
    if not port.binding_host:
        text, advice = "the port is bound to no host", "openstack server show: has it a host?"
        return [Hop(name="port", passed=False, text=text, advice=advice)]
    records = host_records.records(ctx.session, [port.binding_host])
    if not any(host_records.is_alive(record, ctx.env.clock.now()) for record in records):
        text = f"host {port.binding_host} does not report"
        advice = f"stratolith status; on {port.binding_host}: stratolith logs agent"
        return [Hop(name="port", passed=False, text=text, advice=advice)]
    if not addresses:
        text, advice = "the port has no address", f"openstack port set --fixed-ip ... {port.id}"
        return [Hop(name="port", passed=False, text=text, advice=advice)]
    text = f"{port.status} on host {port.binding_host}"
    if port.status == "ERROR":
        advice = f"on {port.binding_host}: stratolith doctor; stratolith logs agent"
        text = f"{text}: {port.binding_error}"
        return [Hop(name="port", passed=False, text=text, advice=advice)]
    return [Hop(name="port", passed=True, text=text)]


def _rules(ctx: Context, port: Port) -> list[Hop]:
    """Whether connections from outside are allowed at all."""
    if not port.port_security_enabled:
        return []
    groups = select(PortSecurityGroup.security_group_id).where(PortSecurityGroup.port_id == port.id)
    incoming = select(SecurityGroupRule).where(
        SecurityGroupRule.security_group_id.in_(groups), SecurityGroupRule.direction == "ingress"
    )
    open_rules = [
        f"{rule.ethertype} {rule.protocol or 'any'} {_ports(rule)}".strip()
        for rule in ctx.session.scalars(incoming)
        if rule.remote_group_id is None
    ]
    if open_rules:
        text = f"the rules let in: {', '.join(sorted(set(open_rules)))}"
        return [Hop(name="security group", passed=True, text=text)]
    advice = "openstack security group rule create --protocol tcp --dst-port 22 GROUP"
    text = "no rule lets connections in, except from members of the groups"
    return [Hop(name="security group", passed=None, text=text, advice=advice)]


def _ports(rule: SecurityGroupRule) -> str:
    if rule.port_range_min is None:
        return ""
    if rule.port_range_min == rule.port_range_max:
        return str(rule.port_range_min)
    return f"{rule.port_range_min}:{rule.port_range_max}"


def _routers(ctx: Context, network_id: str) -> list[str]:
    held = select(Port.holder_id).where(
        Port.network_id == network_id, Port.holder == holders.INTERFACE
    )
    return sorted(set(ctx.session.scalars(held)))


def _floating(ctx: Context, port_id: str) -> list[FloatingPair]:
    rows = ctx.session.scalars(select(FloatingIp).where(FloatingIp.port_id == port_id))
    return [
        FloatingPair(
            floating_ip=row.floating_ip_address,
            fixed_ip=row.fixed_ip_address or "",
            router_id=row.router_id or "",
        )
        for row in rows
    ]


def _gateways(
    ctx: Context, port: Port, router_ids: list[str], floating: list[FloatingPair]
) -> list[Hop]:
    """What is missing on the way to the outside, as far as the database knows."""
    if not router_ids:
        with_gateway = select(Subnet.gateway_ip).where(
            Subnet.network_id == port.network_id, Subnet.gateway_ip.is_not(None)
        )
        named = sorted({str(address) for address in ctx.session.scalars(with_gateway)})
        text = "no router connects the network"
        if named:
            text += f"; the subnet's gateway {', '.join(named)} must be another machine"
        return [Hop(name="gateway", passed=None, text=text)]
    hops = []
    placed = placement.hosts_of(ctx, router_ids)
    for router_id in router_ids:
        if router_id not in placed:
            advice = "stratolith status: is any host with networks alive?"
            text = f"router {router_id} is on no host"
            hops.append(Hop(name="gateway", passed=False, text=text, advice=advice))
    routers = ctx.session.scalars(select(Router).where(Router.id.in_(router_ids)))
    if not any(router.gateway_port_id for router in routers):
        advice = f"openstack router set --external-gateway NETWORK {router_ids[0]}"
        text = "no router of the network has an external gateway"
        hops.append(Hop(name="snat", passed=None, text=text, advice=advice))
    if not floating:
        hops.append(Hop(name="floating ip", passed=None, text="the port has no floating IP"))
    return hops
