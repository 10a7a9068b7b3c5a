"""Routers that several hosts have: one is active, elected by VRRP among them (keepalived).

Each host has the router's namespace with all its devices and rules, but the addresses and routes
are set by keepalived on the active host alone, without agent and control plane. A host that is not
active answers nothing and sends nothing from the router's devices: its MAC addresses must stay
where the active host is. That is learned from frames, which a new active host sends at once.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

import msgspec

from stratolith.network.drivers.checks import mac as checked_mac
from stratolith.network.drivers.linux import guard, names
from stratolith.network.drivers.linux.objects import ElectionSpec, RouteSpec, VethSpec, WaySpec
from stratolith.network.drivers.linux.tables import chain
from stratolith.network.drivers.routing import ElectionView

SECONDS = 1  # between two messages of the active host; after three missing ones another takes over
_ADDRESS = "169.254.0.{number}"  # of the active host, on the device for elections
_ANNOUNCE_SECONDS = 30  # switches and tunnels forget a place after 300 s


def device(view: ElectionView) -> VethSpec:
    """The device on which the hosts exchange their messages."""
    port = view.port
    return VethSpec(
        port_id=port.port_id,
        host_name=names.host_election(port.port_id),
        inner_name=names.inner_election(port.port_id),
        bridge=names.checked_device(port.bridge),
        mac=checked_mac(port.mac),
        mtu=port.mtu,
        addresses=tuple(str(ipaddress.ip_interface(text)) for text in port.addresses),
    )


def moving(devices: Iterable[VethSpec]) -> list[VethSpec]:
    """A router's devices, when their addresses are set on its active host only."""
    return [msgspec.structs.replace(device, moves=True) for device in devices]


def compile_election(
    view: ElectionView,
    devices: Iterable[VethSpec],
    routes: Sequence[RouteSpec],
    ways: Iterable[WaySpec] = (),
) -> ElectionSpec:
    """The election of a router with these devices. Raises ``ValueError``."""
    if not 1 <= view.number <= 255 or not 1 <= view.priority <= 254:
        raise ValueError(f"no election has number {view.number} and priority {view.priority}")
    own = names.inner_election(view.port.port_id)
    address = f"{_ADDRESS.format(number=view.number)}/24"
    lines = [
        "global_defs {",
        f"  vrrp_garp_master_refresh {_ANNOUNCE_SECONDS}",
        "}",
        "vrrp_instance router {",
        "  state BACKUP",
        "  nopreempt",
        f"  interface {own}",
        f"  virtual_router_id {view.number}",
        f"  priority {view.priority}",
        f"  advert_int {SECONDS}",
        "  virtual_ipaddress {",
        f"    {address} dev {own}",
        "  }",
        "  virtual_ipaddress_excluded {",
        *(f"    {text} dev {name} no_track" for text, name in _addresses(devices)),
        "  }",
        "  virtual_routes {",
        *(f"    {_route(route)} no_track" for route in routes),
        *(f"    {line} no_track" for way in ways for line in _way(way)),
        "  }",
        "}",
    ]
    config = "\n".join(lines) + "\n"
    return ElectionSpec(device=own, address=address, config=config, routes=tuple(routes))


def _addresses(devices: Iterable[VethSpec]) -> Iterable[tuple[str, str]]:
    for device in devices:
        if any(":" in text for text in device.addresses):
            yield f"{guard.link_local(device.mac)}/64", device.inner_name
        for text in device.addresses:
            yield text, device.inner_name


def _route(route: RouteSpec) -> str:
    words = f"{route.destination} via {route.nexthop}"
    return f"{words} dev {route.device}" if route.device else words


def _way(way: WaySpec) -> Iterable[str]:
    """The routes of a further gateway's table, those on the link first: next hops need them."""
    for prefix in way.prefixes:
        scope = "" if ":" in prefix else " scope link"
        yield f"{prefix} dev {way.device}{scope} table {way.table}"
    for hop in way.nexthops:
        anywhere = "::/0" if ":" in hop else "0.0.0.0/0"
        yield f"{anywhere} via {hop} dev {way.device} table {way.table}"


def sysctls(devices: Iterable[VethSpec]) -> tuple[tuple[str, str], ...]:
    """The kernel makes no link-local addresses: these are set with the others."""
    return tuple(
        (f"net/ipv6/conf/{device.inner_name}/addr_gen_mode", "1")
        for device in devices
        if device.moves
    )


def silence(devices: Iterable[VethSpec]) -> str:
    """The chain that keeps a host that is not active from sending as the router: the kernel joins
    multicast groups also on a device without an address.
    """
    ends = ", ".join(f'"{device.inner_name}"' for device in devices if device.moves)
    if not ends:
        return ""
    hook = "type filter hook output priority 0; policy accept;"
    return chain("silence", [hook, f"oifname {{ {ends} }} ip6 saddr :: drop"])
