"""Port forwardings: ports of a floating IP that lead to ports of one fixed address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.port_forwardings import (
    BadPortForwardingRequest,
    PortForwardingNotFound,
    PortHasBindingFloatingIP,
)
from stratolith.network.exceptions.routers import (
    ExternalGatewayForFloatingIPNotFound,
    FloatingIPPortAlreadyAssociated,
)
from stratolith.network.managers import abilities, floatingips, host_hints, ports
from stratolith.network.managers.routing import gateway_ports
from stratolith.network.models import FloatingIp, Port, PortForwarding

# Of one floating IP: ports that lead to other port numbers as a range. A host needs an entry for
# each of them, where ranges that keep their numbers, or lead to one port, need one entry.
MOST_MOVED = 4096
_SIDES = ("external", "internal")


def get(ctx: Context, floating: FloatingIp, forwarding_id: str) -> PortForwarding:
    """Raises PortForwardingNotFound."""
    forwarding = ctx.session.get(PortForwarding, forwarding_id)
    if forwarding is None or forwarding.floatingip_id != floating.id:
        raise PortForwardingNotFound(id=forwarding_id)
    return forwarding


def get_below(ctx: Context, floatingip_id: str, forwarding_id: str) -> PortForwarding:
    """Raises FloatingIPNotFound, PortForwardingNotFound."""
    return get(ctx, floatingips.get(ctx, floatingip_id), forwarding_id)


def create(ctx: Context, floating: FloatingIp, values: Mapping[str, Any]) -> PortForwarding:
    """Raises BadPortForwardingRequest, PortHasBindingFloatingIP, PortNotFound,
    FloatingIPPortAlreadyAssociated.
    """
    forwarding = PortForwarding(
        project_id=floating.project_id,
        floatingip_id=floating.id,
        description=values.get("description") or "",
        protocol=values["protocol"],
        internal_port_id=values["internal_port_id"],
        internal_ip_address=values["internal_ip_address"],
        **_numbers(values, {}),
    )
    _check_numbers(ctx, forwarding)
    _check_unbound(ctx, forwarding)
    if floating.port_id is not None:
        raise FloatingIPPortAlreadyAssociated(
            floating_ip_address=floating.floating_ip_address,
            fip_id=floating.id,
            port_id=forwarding.internal_port_id,
            fixed_ip=forwarding.internal_ip_address,
            net_id=floating.floating_network_id,
        )
    router_id = _router(ctx, floating, forwarding)
    _check_same_router(floating, router_id, forwarding.internal_port_id)
    _check_one_gateway(ctx, router_id)
    floating.router_id = router_id
    ctx.session.add(forwarding)
    _changed(ctx, floating, forwarding)
    return forwarding


def update(ctx: Context, forwarding: PortForwarding, values: Mapping[str, Any]) -> None:
    """Raises the errors of create."""
    floating = ctx.session.get_one(FloatingIp, forwarding.floatingip_id)
    before = forwarding.internal_port_id
    now = {
        f"{side}_{end}": getattr(forwarding, f"{side}_{end}")
        for side in _SIDES
        for end in ("first", "last")
    }
    with ctx.session.no_autoflush:
        for name in ("description", "protocol", "internal_port_id", "internal_ip_address"):
            if values.get(name) is not None:
                setattr(forwarding, name, values[name])
        for name, number in _numbers(values, now).items():
            setattr(forwarding, name, number)
        if "internal_port_id" in values:
            _check_unbound(ctx, forwarding)
        router_id = _router(ctx, floating, forwarding, moved=before != forwarding.internal_port_id)
        _check_same_router(floating, router_id, forwarding.internal_port_id)
        _check_numbers(ctx, forwarding)
    forwarding.revision_number += 1
    _changed(ctx, floating, forwarding)


def delete(ctx: Context, forwarding: PortForwarding) -> None:
    floating = ctx.session.get_one(FloatingIp, forwarding.floatingip_id)
    host_hints.router(ctx, floating.router_id)
    ctx.session.delete(forwarding)
    ctx.session.flush()
    if not of_floating_ips(ctx, [floating.id]):
        floating.router_id, floating.status = None, "DOWN"
    _changed(ctx, floating, forwarding)


def delete_of_port(ctx: Context, port_id: str, address: str | None = None) -> None:
    """Delete those to a port, or to one of its addresses, that is deleted."""
    wanted = select(PortForwarding).where(PortForwarding.internal_port_id == port_id)
    if address is not None:
        wanted = wanted.where(PortForwarding.internal_ip_address == address)
    for forwarding in list(ctx.session.scalars(wanted)):
        delete(ctx, forwarding)


def of_floating_ips(ctx: Context, ids: Iterable[str]) -> dict[str, list[PortForwarding]]:
    """Floating IP -> its port forwardings; those without are left out."""
    wanted = list(ids)
    by_floating: dict[str, list[PortForwarding]] = {}
    if wanted:
        rows = select(PortForwarding).where(PortForwarding.floatingip_id.in_(wanted))
        for row in ctx.session.scalars(rows.order_by(PortForwarding.id)):
            by_floating.setdefault(row.floatingip_id, []).append(row)
    return by_floating


# -- parts ---------------------------------------------------------------------------------------


def _changed(ctx: Context, floating: FloatingIp, forwarding: PortForwarding) -> None:
    # the revision also makes two requests for one floating IP conflict
    floating.revision_number += 1
    port = ctx.session.get(Port, forwarding.internal_port_id)
    if port is not None:
        port.revision_number += 1
    ctx.session.flush()
    host_hints.router(ctx, floating.router_id)


def _numbers(values: Mapping[str, Any], now: Mapping[str, int]) -> dict[str, int]:
    """First and last ports of both sides; a single port counts more than a range."""
    numbers = dict(now)
    for side in _SIDES:
        single, both = values.get(f"{side}_port"), values.get(f"{side}_port_range")
        if single is not None:
            numbers[f"{side}_first"] = numbers[f"{side}_last"] = single
        elif both is not None:
            numbers[f"{side}_first"], numbers[f"{side}_last"] = both
        elif not now:
            raise BadPortForwardingRequest(msg=f"{side}_port or {side}_port_range is required")
    return numbers


def _check_numbers(ctx: Context, forwarding: PortForwarding) -> None:
    """Raise BadPortForwardingRequest for ranges that do not fit, or are taken."""
    width = forwarding.internal_last - forwarding.internal_first
    if width and width != forwarding.external_last - forwarding.external_first:
        raise BadPortForwardingRequest(
            msg="Invalid ranges of internal and/or external ports. The relation between internal "
            "and external ports must be N-N or 1-N"
        )
    row = PortForwarding
    inside = select(row).where(
        row.internal_port_id == forwarding.internal_port_id,
        row.internal_ip_address == forwarding.internal_ip_address,
    )
    outside = select(row).where(row.floatingip_id == forwarding.floatingip_id)
    for side, statement in (("internal", inside), ("external", outside)):
        wanted = _range(forwarding, side)
        for other in ctx.session.scalars(
            statement.where(row.protocol == forwarding.protocol, row.id != forwarding.id)
        ):
            taken = _range(other, side)
            if taken[0] <= wanted[1] and wanted[0] <= taken[1]:
                raise BadPortForwardingRequest(
                    msg=f"There is a port collision with the {side}_port_range. The following "
                    f"ranges collide: {taken[0]}:{taken[1]} and {wanted[0]}:{wanted[1]}"
                )
    neighbours = ctx.session.scalars(outside.where(row.id != forwarding.id))
    moved = sum(_moved(other) for other in (*neighbours, forwarding))
    if _moved(forwarding) and moved > MOST_MOVED:
        raise BadPortForwardingRequest(
            msg=f"At most {MOST_MOVED} ports of a floating IP can lead to a range of other port "
            "numbers"
        )


def _range(forwarding: PortForwarding, side: str) -> tuple[int, int]:
    if side == "external":
        return forwarding.external_first, forwarding.external_last
    return forwarding.internal_first, forwarding.internal_last


def _moved(forwarding: PortForwarding) -> int:
    """The number of ports that lead to other numbers, for a range to a range."""
    width = forwarding.internal_last - forwarding.internal_first
    same = forwarding.internal_first == forwarding.external_first
    return 0 if same or not width else width + 1


def _check_unbound(ctx: Context, forwarding: PortForwarding) -> None:
    """Raise PortHasBindingFloatingIP when the port has a floating IP of its own."""
    bound = ctx.session.scalar(
        select(FloatingIp).where(FloatingIp.port_id == forwarding.internal_port_id).limit(1)
    )
    if bound is not None:
        raise PortHasBindingFloatingIP(
            floating_ip_address=bound.floating_ip_address,
            fip_id=bound.id,
            port_id=forwarding.internal_port_id,
            fixed_ip=forwarding.internal_ip_address,
        )


def _router(
    ctx: Context, floating: FloatingIp, forwarding: PortForwarding, *, moved: bool = True
) -> str:
    """The router that connects the fixed address with the floating IP's network.

    ``moved``: the port is a new one, which the caller must be allowed to use.
    """
    port_id, address = forwarding.internal_port_id, forwarding.internal_ip_address
    port = ports.get(ctx, port_id) if moved else ctx.session.get_one(Port, port_id)
    if moved and port.project_id != floating.project_id and not ctx.is_admin:
        raise BadPortForwardingRequest(msg=f"Port {port_id} belongs to another project")
    own = [
        fixed_ip
        for fixed_ip in ports.fixed_ips(ctx, [port.id]).get(port.id, [])
        if ":" not in fixed_ip["ip_address"]
    ]
    if not own:
        raise BadPortForwardingRequest(
            msg=f"Requested internal port {port_id} must allocate an IPv4 address at least"
        )
    subnet_id = next((ip["subnet_id"] for ip in own if ip["ip_address"] == address), None)
    if subnet_id is None and moved:
        raise BadPortForwardingRequest(
            msg=f"Requested internal IP address {address} is not suitable for internal neutron "
            f"port {port_id}, as its fixed_ips are {own}"
        )
    if subnet_id is None:
        raise BadPortForwardingRequest(
            msg="The internal IP does not correspond to an address on the internal port, which "
            f"has fixed_ips {own}"
        )
    try:
        return floatingips.router_for(ctx, floating, port, subnet_id)
    except ExternalGatewayForFloatingIPNotFound:
        raise BadPortForwardingRequest(
            msg=f"External network {floating.floating_network_id} is not reachable from subnet "
            f"{subnet_id}. Cannot set Port forwarding for port {port_id} with Floating IP "
            f"{floating.id}"
        ) from None


def _check_same_router(floating: FloatingIp, router_id: str, port_id: str) -> None:
    if floating.router_id and floating.router_id != router_id:
        raise BadPortForwardingRequest(
            msg=f"The Floating IP {floating.id} had been set on router {floating.router_id}, the "
            f"internal Neutron port {port_id} can not reach it"
        )


def _check_one_gateway(ctx: Context, router_id: str) -> None:
    gateways = gateway_ports.of_routers(ctx, [router_id]).get(router_id, [])
    if len(gateways) > 1 and not abilities.has_forwardings_with_several_gateways(ctx):
        raise BadPortForwardingRequest(
            msg=f"Router {router_id} has several external gateways, and the network driver of this "
            "cloud then forwards no ports"
        )
