"""Ports: MAC, addresses, security groups, binding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy import delete as delete_rows

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.kernel.ids import new_uuid
from stratolith.network.exceptions.networks import NetworkNotFound
from stratolith.network.exceptions.ports import (
    DeviceIDNotOwnedByTenant,
    PortBound,
    PortBoundNUMAAffinityPolicy,
    PortNotFound,
    ServicePortInUse,
)
from stratolith.network.managers import (
    abilities,
    batches,
    events,
    holders,
    host_hints,
    limits,
    tags,
)
from stratolith.network.managers.addressing import dns, ipam, macs
from stratolith.network.managers.binding import inactive
from stratolith.network.managers.dhcp import dhcp_places
from stratolith.network.managers.qos import allocation
from stratolith.network.managers.qos import bindings as qos
from stratolith.network.managers.security import log_removal, port_security
from stratolith.network.managers.segments import routed
from stratolith.network.managers.trunk import sub_ports, trunks
from stratolith.network.models import (
    FixedIp,
    Fresh,
    Network,
    Port,
    PortSecurityGroup,
    Router,
    Subnet,
)

PLAIN = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_state_up",
    "device_id": "device_id",
    "device_owner": "device_owner",
    "binding:vnic_type": "vnic_type",
    "binding:host_id": "binding_host",
    "propagate_uplink_status": "propagate_uplink_status",
    "numa_affinity_policy": "numa_affinity_policy",
}
_FIXED_IPS = KeyedReader(
    RowReader(tuple[str, str, str], (FixedIp.port_id, FixedIp.subnet_id, FixedIp.ip_address)),
    FixedIp.port_id,
    select(FixedIp).order_by(FixedIp.port_id, FixedIp.position, FixedIp.ip_address),
)
# Built once, because every new port needs them.
_SUBNETS_OF = (
    select(Subnet)
    .where(Subnet.network_id == bindparam("network"))
    .order_by(Subnet.created_at, Subnet.id)
)


def get(ctx: Context, port_id: str) -> Port:
    """A port of the caller's project or on the caller's network; raises PortNotFound."""
    port = ctx.session.get(Port, port_id)
    if port is None or not (
        ctx.is_admin or ctx.owns(port.project_id) or ctx.owns(port.network.project_id)
    ):
        raise PortNotFound(port_id=port_id)
    return port


def subnets_of(ctx: Context, network_id: str) -> list[Subnet]:
    """Subnets of a network, oldest first."""
    return list(ctx.session.scalars(_SUBNETS_OF, {"network": network_id}))


def create(
    ctx: Context,
    project_id: str,
    values: Mapping[str, Any],
    *,
    network: Network | None = None,
    holder: tuple[str, str] = ("", ""),
    made_by_server: bool = False,
    hostname: str = "",
) -> Port:
    """Make a port on ``values["network_id"]``, a network that the caller may use.

    ``holder``: what the port is made for, and its id (managers/holders.py).
    ``fixed_ips`` absent or None: one address of each IP version; []: no address.
    ``security_groups`` absent or None: the project's default group.
    """
    network = network or ctx.session.get(Network, values["network_id"])
    if network is None:
        raise NetworkNotFound(net_id=values["network_id"])
    batches.hold(ctx, network)
    limits.check(ctx, project_id, port=1)
    abilities.check_options(ctx, values.get("extra_dhcp_opts") or [])
    owner = values.get("device_owner") or ""
    if not holder[0]:
        _check_device(ctx, project_id, owner, values.get("device_id") or "")
    secure = values.get("port_security_enabled")
    if secure is None:
        secure = network.port_security_enabled and not owner.startswith("network:")
    names = dns.values_for(ctx, values)
    mac = macs.chosen(ctx, network.id, values.get("mac_address"))
    subnets = batches.once(ctx, "subnets", network.id, partial(subnets_of, ctx, network.id))
    host = values.get("binding:host_id") or ""
    allocation = routed.allocation_of(subnets, host, values)
    chosen = ipam.choose(
        ctx,
        network.id,
        routed.usable(ctx, network.id, subnets, host),
        mac,
        owner,
        [] if allocation == routed.DEFERRED else values.get("fixed_ips"),
    )
    routed.check_one_segment(address.subnet for address in chosen)
    groups = port_security.groups(ctx, project_id, values, secure, owner)
    pairs = port_security.pairs(ctx, values.get("allowed_address_pairs") or [], mac, secure)
    port = Port(
        id=values.get("id") or new_uuid(),
        project_id=project_id,
        network_id=network.id,
        mac_address=mac,
        port_security_enabled=secure,
        allowed_address_pairs=pairs,
        binding_profile=values.get("binding:profile") or {},
        extra_dhcp_opts=_merged_options([], values.get("extra_dhcp_opts") or []),
        ip_allocation=allocation,
        holder=holder[0],
        holder_id=holder[1],
        made_by_server=made_by_server,
        hostname=hostname,
        qos_policy_id=qos.usable(ctx, values.get("qos_policy_id")),
        revision_number=1,
        **names,
        **{column: values[n] for n, column in PLAIN.items() if values.get(n) is not None},
    )
    ctx.session.add(port)
    ctx.session.flush()
    ipam.store(ctx, port.id, network.id, chosen)
    port_security.join(ctx, port.id, groups)
    qos.check_port(ctx, port.id, qos.effective(port, network))
    port.fresh = Fresh(
        [{"subnet_id": c.subnet.id, "ip_address": c.ip_address} for c in chosen], sorted(groups)
    )
    host_hints.touched(ctx, port)
    if not (holder[0] or made_by_server or host):
        dhcp_places.settle(ctx, network, subnets)
    return port


def update(ctx: Context, port: Port, values: Mapping[str, Any]) -> Port:
    """Change a port; raises the errors of create, PortBound and PortBoundNUMAAffinityPolicy."""
    _check_numa_policy(port, values)
    if not port.holder and ("device_id" in values or "device_owner" in values):
        wanted = {"device_owner": port.device_owner, "device_id": port.device_id, **values}
        owner, device = wanted["device_owner"] or "", wanted["device_id"] or ""
        _check_device(ctx, port.project_id, owner, device)
    host_hints.touched(ctx, port)
    if "mac_address" in values:
        wanted_mac = values["mac_address"] or macs.chosen(ctx, port.network_id, None)
        _change_mac(ctx, port, wanted_mac, moves=values.get("fixed_ips") is None)
    secure = values.get("port_security_enabled")
    secure = port.port_security_enabled if secure is None else secure
    if values.get("fixed_ips") is not None:
        _change_addresses(ctx, port, values["fixed_ips"])
    port_security.change(ctx, port, values, secure)
    before = port.binding_host
    for name, column in PLAIN.items():
        if name in values:
            empty: Any = "" if column in ("device_id", "device_owner", "binding_host") else None
            value = values[name] if values[name] is not None else empty
            setattr(port, column, value)
    if values.get("extra_dhcp_opts"):
        abilities.check_options(ctx, values["extra_dhcp_opts"])
        port.extra_dhcp_opts = _merged_options(port.extra_dhcp_opts, values["extra_dhcp_opts"])
    for name, value in dns.values_for(ctx, values).items():
        setattr(port, name, value)
    if "data_plane_status" in values:
        port.data_plane_status = values["data_plane_status"]
    if "binding:profile" in values:
        port.binding_profile = values["binding:profile"] or {}
    if "qos_policy_id" in values:
        former = qos.effective(port, port.network)
        port.qos_policy_id = qos.replaced(ctx, port.qos_policy_id, values["qos_policy_id"])
        qos.check_port(ctx, port.id, port.qos_policy_id)
        allocation.follow(ctx, port, former, qos.effective(port, port.network))
    if port.binding_host != before:
        settle_host(ctx, port)
    if port.binding_host != before or not port.admin_state_up:
        port.status = "DOWN"
    port.revision_number += 1
    ctx.session.flush()
    changed(ctx, port)
    if port.binding_host != before:
        trunks.follow(ctx, [port])
    return port


def settle_host(ctx: Context, port: Port) -> None:
    """What follows when a port got a host: an inactive binding to it ends, and addresses that were
    deferred until now are chosen.

    Raises the errors of a host that is not connected to a segment of the network.
    """
    if not port.binding_host or port.holder in holders.SERVICES:
        return
    inactive.forget(ctx, port, port.binding_host)
    subnets = subnets_of(ctx, port.network_id)
    if not routed.is_routed(subnets):
        return
    routed.check_host(ctx, port.network_id, port.id, subnets, port.binding_host)
    if port.ip_allocation != routed.DEFERRED or fixed_ips(ctx, [port.id]).get(port.id):
        return
    chosen = ipam.choose(
        ctx,
        port.network_id,
        routed.usable(ctx, port.network_id, subnets, port.binding_host),
        port.mac_address,
        port.device_owner,
        None,
    )
    ipam.store(ctx, port.id, port.network_id, chosen)
    ctx.session.flush()


def delete(ctx: Context, port: Port) -> None:
    """Delete for the owner; raises ServicePortInUse for ports of routers, floating IPs and local
    IPs, and PortInUseAsSubPort and PortInUseAsTrunkParent for ports of trunks.
    """
    from stratolith.network.managers.routing import local_ips

    if port.holder in (*holders.ROUTER, holders.ELECTION, holders.FLOATING_IP):
        raise ServicePortInUse(port_id=port.id, reason=f"has device owner {port.device_owner}")
    sub_ports.check_deletable(ctx, port.id)
    local_ips.check_deletable(ctx, port.id)
    events.port_deleted(ctx, port)
    allocation.give_back(ctx, port)
    remove(ctx, port)


def remove(ctx: Context, port: Port) -> None:
    """Delete a port of any owner; its floating IPs are disassociated."""
    from stratolith.network.managers import floatingips
    from stratolith.network.managers.routing import local_ips

    local_ips.forget_port(ctx, port.id)
    if port.holder not in holders.SERVICES:
        floatingips.disassociate_port(ctx, port.id)
    tags.forget(ctx, port.id)
    host_hints.touched(ctx, port)
    _forget_rows(ctx, [port.id])
    ctx.session.delete(port)
    ctx.session.flush()


def _forget_rows(ctx: Context, port_ids: Sequence[str]) -> None:
    log_removal.of_ports(ctx, port_ids)
    ctx.session.execute(delete_rows(FixedIp).where(FixedIp.port_id.in_(port_ids)))
    ctx.session.execute(
        delete_rows(PortSecurityGroup).where(PortSecurityGroup.port_id.in_(port_ids))
    )


def changed(ctx: Context, port: Port) -> None:
    """Hint the hosts that have something of the port: its network, its router, rules that name
    one of its groups.
    """
    if port.holder == holders.DHCP:
        host_hints.network(ctx, port.network_id)
    else:
        host_hints.touched(ctx, port)


def fixed_ips(ctx: Context, port_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Port id -> [{"subnet_id", "ip_address"}]; one statement."""
    by_port: dict[str, list[dict[str, str]]] = {}
    for port_id, subnet_id, address in _FIXED_IPS(ctx.session, port_ids):
        by_port.setdefault(port_id, []).append({"subnet_id": subnet_id, "ip_address": address})
    return by_port


# -- parts ---------------------------------------------------------------------------------------


def _check_device(ctx: Context, project_id: str, owner: str, device_id: str) -> None:
    """Raise DeviceIDNotOwnedByTenant when the port names a router of another project as device.

    The port would not belong to that router in any case (see holders.py), but a search for the
    router's ports by ``device_id`` would show it.
    """
    if owner not in ipam.INTERFACE_OWNERS or not device_id or ctx.is_admin:
        return
    router = ctx.session.get(Router, device_id)
    if router is not None and router.project_id != project_id:
        raise DeviceIDNotOwnedByTenant(device_id=device_id)


def _check_numa_policy(port: Port, values: Mapping[str, Any]) -> None:
    if "numa_affinity_policy" in values and port.binding_host and port.status != "ERROR":
        raise PortBoundNUMAAffinityPolicy(
            port_id=port.id,
            host_id=port.binding_host,
            numa_affinity_policy=values["numa_affinity_policy"],
        )


def _merged_options(
    existing: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The existing DHCP options, changed by the given ones; one without a value is removed."""
    options = {(option["opt_name"], option["ip_version"]): dict(option) for option in existing}
    for option in given:
        key = (option["opt_name"], option["ip_version"])
        if option["opt_value"] is None:
            options.pop(key, None)
        else:
            options[key] = dict(option)
    return list(options.values())


def _change_mac(ctx: Context, port: Port, wanted: str, *, moves: bool) -> None:
    """Change the MAC address; the addresses that guests derive from it end.

    ``moves``: the port gets those of the new one at once.
    """
    mac = macs.normal(wanted)
    if mac == port.mac_address:
        return
    if port.binding_host:
        raise PortBound(port_id=port.id, vif_type="tap", old_mac=port.mac_address, new_mac=mac)
    subnets = [s for s in subnets_of(ctx, port.network_id) if ipam.is_automatic(s)]
    derived = [ipam.eui64(subnet.cidr, port.mac_address) for subnet in subnets]
    port.mac_address = macs.chosen(ctx, port.network_id, mac)
    if not derived:
        return
    former = (FixedIp.port_id == port.id) & FixedIp.ip_address.in_(derived)
    ctx.session.execute(delete_rows(FixedIp).where(former))
    if moves:
        _change_addresses(ctx, port, fixed_ips(ctx, [port.id]).get(port.id, []))


def _change_addresses(ctx: Context, port: Port, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Set the addresses; an entry with only a subnet keeps an existing address in it."""
    from stratolith.network.managers import floatingips
    from stratolith.network.managers.routing import local_ips

    existing = fixed_ips(ctx, [port.id]).get(port.id, [])
    spare = [
        fixed_ip
        for fixed_ip in existing
        if not any(entry.get("ip_address") == fixed_ip["ip_address"] for entry in wanted)
    ]
    entries: list[Mapping[str, Any]] = []
    for entry in wanted:
        kept = next(
            (
                fixed_ip
                for fixed_ip in spare
                if not entry.get("ip_address") and fixed_ip["subnet_id"] == entry.get("subnet_id")
            ),
            None,
        )
        if kept is not None:
            spare.remove(kept)
        entries.append(kept or entry)
    existing_addresses = [fixed_ip["ip_address"] for fixed_ip in existing]
    subnets = subnets_of(ctx, port.network_id)
    chosen = ipam.choose(
        ctx,
        port.network_id,
        subnets,
        port.mac_address,
        port.device_owner,
        entries,
        existing_addresses,
    )
    routed.check_one_segment(address_row.subnet for address_row in chosen)
    chosen_addresses = {address_row.ip_address for address_row in chosen}
    for address in existing_addresses:
        if address not in chosen_addresses:
            floatingips.disassociate_port(ctx, port.id, address)
            local_ips.forget_port(ctx, port.id, address)
    ctx.session.execute(delete_rows(FixedIp).where(FixedIp.port_id == port.id))
    ipam.store(ctx, port.id, port.network_id, chosen)
    ctx.session.flush()
