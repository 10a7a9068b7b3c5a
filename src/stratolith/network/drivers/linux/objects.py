"""The kernel objects that a view needs: plain values that can be compared and hashed.

``plan.py`` makes them without touching the machine; the other modules of this package change
the kernel to match them.
"""

from __future__ import annotations

import msgspec

from stratolith.network.drivers.base import LogView, RuleView
from stratolith.network.drivers.linux.rules import Members
from stratolith.network.drivers.linux.tables import Ruleset


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every desired kernel object."""


class BridgeSpec(Spec, frozen=True, kw_only=True):
    name: str
    owner: str  # network id, or the physical network of an external bridge
    mtu: int
    mac: str
    addresses: tuple[str, ...] = ()  # the host's own; only external bridges have any


class TapSpec(Spec, frozen=True, kw_only=True):
    name: str
    port_id: str
    bridge: str
    mac: str  # the guest's
    mtu: int
    is_here: bool = True  # False: the guest is on another host, and the bridge sends no frame


class VethSpec(Spec, frozen=True, kw_only=True):
    """A pair: one end on a bridge of the host, the other inside a namespace."""

    port_id: str
    host_name: str
    inner_name: str
    bridge: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]  # with prefix length, for the inner end
    checksum_offload: bool = True
    is_router: bool = False  # says so in neighbour discovery
    neighbours: tuple[tuple[str, str], ...] = ()  # address, MAC: entries without ARP
    proxied: tuple[str, ...] = ()  # IPv6 addresses elsewhere for which the inner end answers
    moves: bool = False  # keepalived sets the addresses, while this host is the active one


class TunnelPeerSpec(Spec, frozen=True, kw_only=True):
    address: str
    macs: tuple[str, ...]


class TunnelSpec(Spec, frozen=True, kw_only=True):
    """A VXLAN device on the bridge of a network that other hosts also have."""

    name: str
    network_id: str
    bridge: str
    number: int  # VXLAN network identifier
    local: str
    mtu: int
    peers: tuple[TunnelPeerSpec, ...]
    moving: tuple[str, ...] = ()  # MAC addresses whose host is learned from their frames


class BranchSpec(Spec, frozen=True, kw_only=True):
    """A pair of devices for the frames that another device carries with a VLAN tag.

    name: of the end on the bridge.  end: the free one.  shared: the device with the tags.
    mac: behind ``name``; "" for an uplink, behind which are many.  physical: the shared device is
    not ours.
    """

    name: str
    end: str
    owner: str  # port or network id
    bridge: str
    shared: str
    tag: int
    mtu: int
    mac: str = ""
    physical: bool = False


class SplitSpec(Spec, frozen=True, kw_only=True):
    """A device that carries frames with tags, and the branches for them."""

    shared: str
    physical: bool
    branches: tuple[BranchSpec, ...]


class CardSpec(Spec, frozen=True, kw_only=True):
    """A card of the machine that is a port of a flat network's bridge."""

    card: str
    network_id: str
    bridge: str


class PatchSpec(Spec, frozen=True, kw_only=True):
    """A pair of devices between a flat network's bridge and a bridge of the machine.

    name: of the end on ``bridge``.  end: of that on ``shared``, with ``mac``.  shared_mtu: of the
    machine's bridge, which follows the smallest of its ports.
    """

    name: str
    end: str
    network_id: str
    bridge: str
    shared: str
    mac: str
    mtu: int
    shared_mtu: int


class RouteSpec(Spec, frozen=True, kw_only=True):
    destination: str
    nexthop: str
    device: str = ""  # for a next hop with a link-local address


class WaySpec(Spec, frozen=True, kw_only=True):
    """A routing table for packets with the mark ``table``: out by one device."""

    table: int
    device: str
    prefixes: tuple[str, ...]  # on the link
    nexthops: tuple[str, ...]  # of default routes


class ForwardSpec(Spec, frozen=True, kw_only=True):
    """Ports of an address that lead to a target; ``protocol`` is its number."""

    address: str
    protocol: int
    ports: tuple[int, int]
    target: str
    target_ports: tuple[int, int]


class ElectionSpec(Spec, frozen=True, kw_only=True):
    """A keepalived, which makes this host the active one of a router, or not.

    address: on ``device`` while this host is active.  routes: set by keepalived.
    """

    device: str
    address: str
    config: str
    routes: tuple[RouteSpec, ...] = ()


class NamespaceSpec(Spec, frozen=True, kw_only=True):
    name: str
    owner: str  # router or network id
    devices: tuple[VethSpec, ...] = ()
    routes: tuple[RouteSpec, ...] = ()
    ways: tuple[WaySpec, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    ruleset: str = ""  # nft text; empty: no table
    # translated address -> address behind it; a change ends the connections that used it
    translations: tuple[tuple[str, str], ...] = ()
    forwards: tuple[ForwardSpec, ...] = ()  # the same for ports
    election: ElectionSpec | None = None


class DhcpSpec(Spec, frozen=True, kw_only=True):
    """One dnsmasq: the DHCP server of a network, or the daemon that advertises a router.

    A change of its arguments needs a restart, of its files only a SIGHUP.
    """

    owner: str  # network or router id
    namespace: str
    interface: str
    options: tuple[str, ...]  # command line, without the paths of its own directory
    hosts: str = ""
    opts: str = ""
    addn_hosts: str = ""


class PortFlows(Spec, frozen=True, kw_only=True):
    """The values that decide whether an existing flow may continue."""

    port_id: str
    zone: int
    addresses: tuple[str, ...]
    filtered: bool
    admin_state_up: bool
    rules: tuple[RuleView, ...]
    stateful: bool = True


class LoggedPort(Spec, frozen=True, kw_only=True):
    """A port with logs; the other fields tell which packets are the port's."""

    port_id: str
    project_id: str
    tap: str
    mark: int
    addresses: tuple[str, ...]
    logs: tuple[LogView, ...]

    def asking(self, action: str, group: str) -> list[str]:
        """The ids of the logs that ask for a packet that rules of the group acted on."""
        return [
            log.id
            for log in self.logs
            if log.event in (action, "ALL") and (action == "DROP" or log.group in ("", group))
        ]


class HostPlan(Spec, frozen=True, kw_only=True):
    bridges: tuple[BridgeSpec, ...]
    taps: tuple[TapSpec, ...]
    namespaces: tuple[NamespaceSpec, ...]
    dhcp: tuple[DhcpSpec, ...]
    ruleset: Ruleset  # our tables in the host's own namespace
    answers: Ruleset  # tables of ours that are loaded after their devices were made
    sysctls: tuple[tuple[str, str], ...]
    flows: tuple[PortFlows, ...]
    logged: tuple[LoggedPort, ...] = ()
    groups: dict[str, Members] = {}  # security groups and address groups that rules name
    tunnels: tuple[TunnelSpec, ...] = ()
    branches: tuple[BranchSpec, ...] = ()
    splits: tuple[SplitSpec, ...] = ()
    cards: tuple[CardSpec, ...] = ()
    patches: tuple[PatchSpec, ...] = ()
    mapped: tuple[str, ...] = ()  # devices of the machine that flat networks need
    broken: dict[str, str]  # object id -> reason why it cannot be realised
