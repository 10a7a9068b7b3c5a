"""Port filters as nft text: anti-spoofing on the bridge, security groups above it.

There are two layouts of the same rules. ``native`` is for kernels whose bridge family supports
conntrack (nf_conntrack_bridge): everything is in one bridge table. On other kernels br_netfilter
passes bridged packets to the inet hooks, where only the bridge is visible as device. There a
packet mark, set on the bridge and cleared after use (in ``limits``), identifies the port that the
packet belongs to.
Packets from a guest are checked before routing (egress rules), packets to a guest when they are
forwarded (ingress rules); a connection is confirmed only when both accept it.

A conntrack zone per network separates tenants that use the same addresses. It is set before
defragmentation, so that fragments of two tenants are never reassembled together. Packets of ports
with stateless groups get no zone: they are not tracked (stateless.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stratolith.network.drivers.base import LogLimits
from stratolith.network.drivers.linux import guard, limits, metadata_mark, names, rules
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.filtering.group_chains import GroupChains
from stratolith.network.drivers.linux.filtering.local_ips import LocalIps
from stratolith.network.drivers.linux.filtering.stateless import Untracked
from stratolith.network.drivers.linux.limits import Limits
from stratolith.network.drivers.linux.tables import NamedSet, Ruleset, Table, mapping, named

# For packets to our DHCP servers. The bridge can verify the sender only when a message comes
# directly from the client's tap.
_DHCP_PORTS = "{ 67, 68, 546, 547 }"
_TO_DHCP = (
    'iifname "sr-*" drop',
    'iifname "sg-*" drop',
    "@th,256,32 != 0 drop",  # sent by a relay agent
    # DHCPDECLINE ("another host uses this address"): dnsmasq would block it for ten minutes
    "@th,1984,24 0x350104 drop",
)
# Messages of DHCPv6 relay agents, which name a client that the bridge cannot verify, and DECLINE
_TO_DHCPV6 = ('iifname "sr-*" drop', 'iifname "sg-*" drop', "@th,64,8 { 9, 12, 13 } drop")


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """Devices on the bridges beside the ports.

    ``zones``: bridge -> conntrack zone; ``host_ends``: host end of a veth pair -> its bridge,
    for tenant bridges; ``dhcp_ends``: host ends of DHCP servers, on any bridge; ``without_dhcp``:
    ends towards other hosts, over which no DHCP message may go: each host answers its own guests;
    ``untagged``: ends towards physical networks, whose frames with a tag belong to other networks;
    ``far``: tunnel -> addresses of the servers behind it.
    """

    zones: Mapping[str, int]
    host_ends: Mapping[str, str]
    dhcp_ends: Sequence[str] = ()
    without_dhcp: Sequence[str] = ()
    untagged: Sequence[str] = ()
    far: Mapping[str, Iterable[str]] = {}


def compile_tables(
    instance: str,
    ports: Sequence[FilteredPort],
    ends: Ends,
    native: bool,
    groups: Mapping[str, rules.Members],
    limit: Limits | None = None,
    logging: LogLimits | None = None,
) -> Ruleset:
    """The tables of all ports of the host.

    ``groups``: addresses of security groups and address groups that rules name; ``limit``: on the
    connections of a port; ``logging``: on the logged packets of a port. The facts of the ports must
    not have a ``problem``.
    """
    chains = GroupChains(native, groups, logging or LogLimits())
    return _Builder(instance, ports, ends, native, chains).tables(limit or Limits())


class _Builder:
    def __init__(
        self,
        instance: str,
        ports: Sequence[FilteredPort],
        ends: Ends,
        native: bool,
        groups: GroupChains,
    ) -> None:
        self.instance, self.native = instance, native
        self.zones, self.host_ends, self.dhcp_ends = ends.zones, ends.host_ends, ends.dhcp_ends
        self.without_dhcp, self.untagged, self.far = ends.without_dhcp, ends.untagged, ends.far
        self.ports = ports
        self.guarded = [
            port for port in ports if port.view.port_security and port.view.admin_state_up
        ]
        self.up = [port for port in ports if port.view.admin_state_up]
        self.down = [port.view.tap for port in ports if not port.view.admin_state_up]
        self.marks = names.packet_marks(port.view.id for port in self.up)
        self.groups = groups
        self.local = LocalIps(self.up)
        self.untracked = Untracked(self.up, self.marks, native, self.local)

    def tables(self, limit: Limits) -> Ruleset:
        """Filters on the bridge and above it, in one table where the kernel can (``native``)."""
        above = _Parts(chains={"ok": ["accept"]})
        dispatch = self._dispatch()
        for chains in (self.groups.log_chains, self.groups.chains):
            above.chains |= {name: chains[name] for name in sorted(chains)}
        above.sets |= self.groups.sets | self.local.connection_sets()
        above.add(dispatch)
        above.chains |= self.local.connection_chains()
        bridge, zone = self._bridge(), self._zone_chain()
        if self.native:
            zone.add(bridge)
            zone.add(above)
            projects = {p.view.tap: p.view.project_id for p in self.up}
            counting = limits.compile_native_limits(self.instance, limit, projects)
            return (counting, zone.table(f"bridge {self.instance}"))
        zone.add(above)
        counting = limits.compile_limits(
            self.instance,
            limit,
            {port.bridge for port in self.up},
            {self.marks[port.view.id]: port.view.project_id for port in self.up},
        )
        return (
            counting,
            bridge.table(f"bridge {self.instance}"),
            zone.table(f"inet {self.instance}"),
        )

    def _group(self, port: FilteredPort, direction: str) -> str:
        return self.groups.name_of(port.facts.contents[direction], port.view.groups)

    def _dispatch(self) -> _Parts:
        egress, ingress = {}, {}
        # An address belongs to the port that has it, even if other ports have it as allowed pair.
        owners = {
            (port.bridge, ip.ip_address): port.view.id
            for port in self.ports
            for ip in port.view.fixed_ips
        }
        routed: dict[str, str] = {}
        for port in self.guarded:
            key = f'"{port.view.tap}"' if self.native else f"{self.marks[port.view.id]:#x}"
            egress[key] = f"goto {self._group(port, 'egress')}"
            ingress[key] = f"goto {self._group(port, 'ingress')}"
            if port.bridge_is_routed and not self.native:
                for address in port.facts.addresses.plain_v4:
                    if owners.get((port.bridge, address), port.view.id) == port.view.id:
                        routed[f'"{port.bridge}" . {address}'] = ingress[key]
        parts = _Parts()
        if not egress:
            return parts
        kind = f"type {'ifname' if self.native else 'mark'} : verdict"
        parts.sets = {"from_ports": mapping(kind, egress), "to_ports": mapping(kind, ingress)}
        if self.native:
            before, after = "iifname", "oifname"
        else:
            bridges = ", ".join(f'"{name}"' for name in sorted({p.bridge for p in self.guarded}))
            before = f"iifname {{ {bridges} }} meta mark"
            after = f"oifname {{ {bridges} }} meta mark"
        to_guest = [f"{after} vmap @to_ports"]
        parts.hook("egress", "prerouting", -140, [f"{before} vmap @from_ports"])
        if routed:
            # packets that the host itself sends or routes to a guest are not bridged: no mark
            parts.sets["to_addresses"] = mapping("type ifname . ipv4_addr : verdict", routed)
            by_address = "oifname . ip daddr vmap @to_addresses"
            to_guest.append(by_address)
            parts.hook("from_host", "output", 0, [by_address])
        parts.hook("ingress", "forward", 0, to_guest)
        return parts

    def _zone_chain(self) -> _Parts:
        if self.native:
            ends = {tap.view.tap: tap.zone for tap in self.ports if tap.zone is not None}
            ends |= {end: self.zones[br] for end, br in self.host_ends.items() if br in self.zones}
        else:
            ends = dict(self.zones)
        parts = _Parts()
        parts.sets |= self.untracked.sets
        lines = self.untracked.lines
        if ends:
            elements = {f'"{name}"': str(zone) for name, zone in ends.items()}
            parts.sets["zones"] = mapping("typeof iifname : ct zone", elements)
            lines.append("ct zone set iifname map @zones")
        parts.hook("zone", "prerouting", -350 if self.native else -450, lines)
        return parts

    def _bridge(self) -> _Parts:
        parts = _Parts()
        first: list[str] = []
        last: list[str] = []
        self._dhcp_servers(parts, last)
        if self.without_dhcp:
            ends = _quoted(self.without_dhcp)
            last.append(f"iifname {{ {ends} }} udp dport {_DHCP_PORTS} drop")
            last.append(f"oifname {{ {ends} }} udp dport {_DHCP_PORTS} drop")
        if self.untagged:
            ends = _quoted(self.untagged)
            last.append(f"iifname {{ {ends} }} ether type {{ 8021q, 8021ad }} drop")
        if self.down:
            parts.devices("down", self.down)
            first.append("iifname @down drop")
            last.append("oifname @down drop")
            parts.hook("to_down", "output", -200, last[-1:])
        guarded = [port.view.tap for port in self.guarded]
        if guarded:
            parts.devices("guarded", guarded)
            first.append("iifname @guarded goto guard")
            self._guard(parts)
        if self.up and not self.native:
            marks = {f'"{p.view.tap}"': f"{self.marks[p.view.id]:#x}" for p in self.up}
            parts.sets["marks"] = mapping("type ifname : mark", marks)
            first.append("meta mark set iifname map @marks")
        if guarded or self.host_ends:
            # The filters read plain IP only, but kernels remove a tag and process the rest. So
            # no port, even without port security, may send other frames to a filtered port or
            # a namespace.
            parts.devices("plain", [*guarded, *self.host_ends])
            last.append("oifname @plain ether type != { arp, ip, ip6 } drop")
        if self.up and not self.native:
            last.append("meta mark set oifname map @marks")
        isolated = [port.view.tap for port in self.ports if not port.bridge_is_routed]
        isolated += list(self.host_ends)
        if isolated:
            # the host must not be reachable for tenants on their networks
            parts.devices("isolated", isolated)
            parts.hook("host", "input", -200, ["iifname @isolated drop"])
        if self.ports or self.host_ends:
            parts.sets |= metadata_mark.sets([port.view for port in self.ports], self.far)
            parts.chains["metadata"] = metadata_mark.chain_lines()
        parts.sets |= self.local.bridge_sets()
        parts.chains |= self.local.bridge_chains()
        parts.hook("from_port", "prerouting", -300, first)
        parts.hook("to_port", "forward", -200, last)
        return parts

    def _dhcp_servers(self, parts: _Parts, last: list[str]) -> None:
        if not self.dhcp_ends:
            return
        parts.devices("dhcp_servers", self.dhcp_ends)
        parts.chains["to_dhcp"] = _TO_DHCP
        parts.chains["to_dhcpv6"] = _TO_DHCPV6
        servers = "oifname @dhcp_servers"
        last.append(f"{servers} ip protocol udp ip frag-off & 0x3fff != 0 drop")
        last.append(f"{servers} exthdr frag exists drop")
        last.append(f"{servers} udp dport 67 jump to_dhcp")
        last.append(f"{servers} udp dport 547 jump to_dhcpv6")
        parts.hook("host_to_dhcp", "output", -201, [f"{servers} udp dport {{ 67, 547 }} drop"])

    def _guard(self, parts: _Parts) -> None:
        """Chains that accept a frame only with a source address that its port owns."""
        claims = guard.Claims()
        for port in self.guarded:
            claims.join(port.facts.addresses.claims)
        parts.sets |= claims.sets()
        marked = [] if self.native else ["meta mark set iifname map @marks"]
        parts.chains["pass"] = [*marked, "accept"]
        parts.chains |= dict(claims.chains())


class _Parts:
    """Sets and chains of a table that is being built."""

    def __init__(self, chains: dict[str, Sequence[str]] | None = None) -> None:
        self.sets: dict[str, NamedSet] = {}
        self.chains = chains or {}

    def add(self, other: _Parts) -> None:
        self.sets |= other.sets
        self.chains |= other.chains

    def devices(self, name: str, devices: Iterable[str]) -> None:
        self.sets[name] = named("type ifname", (f'"{device}"' for device in devices))

    def hook(self, name: str, where: str, priority: int, lines: Sequence[str]) -> None:
        """Add a base chain with policy accept; without rules, add nothing."""
        if lines:
            head = f"type filter hook {where} priority {priority}; policy accept;"
            self.chains[name] = [head, *lines]

    def table(self, name: str) -> Table:
        return Table(name=name, sets=self.sets, chains=self.chains)


def _quoted(items: Iterable[str]) -> str:
    return ", ".join(f'"{item}"' for item in sorted(items))
