"""Port filters as nft text: anti-spoofing on the bridge, security groups above it.

Two layouts of the same rules. ``native`` is for kernels whose bridge family knows conntrack
(nf_conntrack_bridge): everything lives in one bridge table. Elsewhere br_netfilter hands
bridged packets to the inet hooks, where the bridge is the only device to be seen; there a
packet mark, set on the bridge and cleared after use (in ``limits``), tells which port the packet
belongs to.
A guest's own packets are judged before routing (egress rules), packets to a guest when they
are forwarded (ingress rules); a connection is confirmed only when both agreed.

A conntrack zone per network keeps tenants with the same addresses apart. It is set before
defragmentation, so that not even fragments of two tenants can be put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.checks import mac as checked_mac
from stratolith.network.drivers.linux import guard, limits, metadata_mark, names, rules
from stratolith.network.drivers.linux.guard import link_local, sources
from stratolith.network.drivers.linux.limits import Limits

__all__ = ["checked_mac", "link_local", "sources"]

_STATES = "ct state vmap { established : goto ok, related : goto ok, invalid : drop }"
# Conntrack adopts TCP connections half way; without this line a flow that was cut because its
# rule went away would come back by the guest's next packet.
_NEW_TCP = "tcp flags & (fin | syn | rst | ack) != syn ct state new drop"
_EGRESS_BASE = (
    # a guest asks for addresses, it never hands them out
    "udp sport 67 udp dport 68 drop",
    "udp sport 547 udp dport 546 drop",
    "icmpv6 type nd-router-advert drop",
    "icmpv6 type { 130, 131, 132, 133, 135, 136, 143 } goto ok",
    _STATES,
    "udp sport 68 udp dport 67 goto ok",
    "udp sport 546 udp dport 547 goto ok",
    _NEW_TCP,
)
_INGRESS_BASE = (
    "icmpv6 type { 130, 131, 132, 134, 135, 136 } goto ok",
    _STATES,
    "udp sport 67 udp dport 68 goto ok",
    "udp sport 547 udp dport 546 goto ok",
    _NEW_TCP,
)
# What goes to a DHCP server of ours. The bridge knows whose message it is only when it comes
# straight from the client's tap.
_DHCP_PORTS = "{ 67, 68, 546, 547 }"
_TO_DHCP = (
    'iifname "sr-*" drop',
    'iifname "sg-*" drop',
    "@th,256,32 != 0 drop",  # by way of a relay agent
    # "somebody else has the address you gave me": dnsmasq would not give it out for ten minutes
    "@th,1984,24 0x350104 drop",
)


class FilteredPort(msgspec.Struct, frozen=True, kw_only=True):
    """A port and where it sits."""

    view: PortView
    bridge: str
    zone: int | None  # None: an external network, whose addresses are the host's own world
    bridge_is_routed: bool  # the host itself has addresses on the bridge


def check_port(port: PortView) -> None:
    """Raise ``ValueError`` when the port cannot be expressed as rules."""
    names.checked_device(port.tap)
    sources(port)
    checks.mac(port.mac)
    for rule in port.rules:
        checks.rule(rule)


def compile_ruleset(
    instance: str,
    ports: Sequence[FilteredPort],
    zones: Mapping[str, int],
    host_ends: Mapping[str, str],
    native: bool,
    dhcp_ends: Sequence[str] = (),
    limit: Limits | None = None,
) -> str:
    """The tables of all ports of the host, ready for ``nft -f``.

    ``zones``: bridge -> conntrack zone; ``host_ends``: veth end -> bridge it is plugged into,
    for tenant bridges; ``dhcp_ends``: those of DHCP servers, on any bridge; ``limit``: on the
    connections of a port. Ports must have passed ``check_port``.
    """
    builder = _Builder(instance, ports, zones, host_ends, native)
    builder.dhcp_ends = dhcp_ends
    builder.limit = limit or builder.limit
    return builder.text()


class _Builder:
    def __init__(
        self,
        instance: str,
        ports: Sequence[FilteredPort],
        zones: Mapping[str, int],
        host_ends: Mapping[str, str],
        native: bool,
    ) -> None:
        self.instance, self.zones, self.host_ends, self.native = instance, zones, host_ends, native
        self.ports = ports
        self.dhcp_ends: Sequence[str] = ()
        self.limit = Limits()
        self.guarded = [
            port for port in ports if port.view.port_security and port.view.admin_state_up
        ]
        self.up = [port for port in ports if port.view.admin_state_up]
        self.down = [port.view.tap for port in ports if not port.view.admin_state_up]
        self.marks = names.packet_marks(port.view.id for port in self.up)
        self.remotes = rules.RemoteSets()
        self.chains: dict[str, str] = {}

    def text(self) -> str:
        dispatch = self._dispatch()
        state = _sorted_text(self.chains)
        shared = self.remotes.text() + chain("ok", ["accept"]) + state + dispatch
        bridge = self._bridge()
        if self.native:
            return limits.compile_native_limits(
                self.instance, self.limit, {p.view.tap: p.view.project_id for p in self.up}
            ) + table(f"bridge {self.instance}", self._zone_chain() + bridge + shared)
        return (
            limits.compile_limits(
                self.instance,
                self.limit,
                {port.bridge for port in self.up},
                {self.marks[port.view.id]: port.view.project_id for port in self.up},
            )
            + table(f"bridge {self.instance}", bridge)
            + table(f"inet {self.instance}", self._zone_chain() + shared)
        )

    def _group(self, port: PortView, direction: str) -> str:
        """The chain for these rules, shared by all ports that have the same."""
        mine = [rule for rule in port.rules if rule.direction == direction]
        name = f"{direction}_{names.digest(mine)}"
        if name not in self.chains:
            base = _INGRESS_BASE if direction == "ingress" else _EGRESS_BASE
            own = dict.fromkeys(rules.matches(mine, direction, self.remotes))
            self.chains[name] = chain(name, [*base, *(f"{match} goto ok" for match in own), "drop"])
        return name

    def _dispatch(self) -> str:
        egress, ingress = {}, {}
        # An address belongs to the port that has it, whoever else may use it as a pair.
        owners = {
            (port.bridge, ip.ip_address): port.view.id
            for port in self.ports
            for ip in port.view.fixed_ips
        }
        routed: dict[str, str] = {}
        for port in self.guarded:
            key = f'"{port.view.tap}"' if self.native else f"{self.marks[port.view.id]:#x}"
            egress[key] = f"goto {self._group(port.view, 'egress')}"
            ingress[key] = f"goto {self._group(port.view, 'ingress')}"
            if port.bridge_is_routed and not self.native:
                for address in _plain_v4(port.view):
                    if owners.get((port.bridge, address), port.view.id) == port.view.id:
                        routed[f'"{port.bridge}" . {address}'] = ingress[key]
        if not egress:
            return ""
        if self.native:
            before, after = "iifname", "oifname"
        else:
            bridges = ", ".join(f'"{name}"' for name in sorted({p.bridge for p in self.guarded}))
            before = f"iifname {{ {bridges} }} meta mark"
            after = f"oifname {{ {bridges} }} meta mark"
        to_guest = [f"{after} vmap {{ {_pairs(ingress)} }}"]
        text = hook("egress", "prerouting", -140, [f"{before} vmap {{ {_pairs(egress)} }}"])
        if routed:
            # what the host itself sends or routes to a guest is no bridged packet: no mark
            by_address = f"oifname . ip daddr vmap {{ {_pairs(routed)} }}"
            to_guest.append(by_address)
            text += hook("from_host", "output", 0, [by_address])
        return text + hook("ingress", "forward", 0, to_guest)

    def _zone_chain(self) -> str:
        if self.native:
            ends = {tap.view.tap: tap.zone for tap in self.ports if tap.zone is not None}
            ends |= {end: self.zones[br] for end, br in self.host_ends.items() if br in self.zones}
        else:
            ends = dict(self.zones)
        if not ends:
            return ""
        elements = _pairs({f'"{name}"': str(zone) for name, zone in ends.items()})
        priority = -350 if self.native else -450
        return hook("zone", "prerouting", priority, [f"ct zone set iifname map {{ {elements} }}"])

    def _bridge(self) -> str:
        isolated = [port.view.tap for port in self.ports if not port.bridge_is_routed]
        isolated += list(self.host_ends)
        text, first, last = "", [], []
        if self.dhcp_ends:
            text += chain("to_dhcp", _TO_DHCP)
            servers = f"oifname {{ {_quoted(self.dhcp_ends)} }}"
            last.append(f"{servers} ip protocol udp ip frag-off & 0x3fff != 0 drop")
            last.append(f"{servers} udp dport 67 jump to_dhcp")
            text += hook("host_to_dhcp", "output", -201, [f"{servers} udp dport 67 drop"])
        tunnels = sorted(end for end in self.host_ends if end.startswith(names.TUNNEL))
        if tunnels:  # each host answers its own guests
            last.append(f"iifname {{ {_quoted(tunnels)} }} udp dport {_DHCP_PORTS} drop")
            last.append(f"oifname {{ {_quoted(tunnels)} }} udp dport {_DHCP_PORTS} drop")
        if self.down:
            first.append(f"iifname {{ {_quoted(self.down)} }} drop")
            last.append(f"oifname {{ {_quoted(self.down)} }} drop")
            text += hook("to_down", "output", -200, last[-1:])
        if self.guarded:
            taps = _quoted(port.view.tap for port in self.guarded)
            first.append(f"iifname {{ {taps} }} goto guard")
            text += self._guard()
        if self.up and not self.native:
            text = self._mark_map() + text
            first.append("meta mark set iifname map @marks")
        if self.guarded or self.host_ends:
            # Filters read plain IP only, and kernels take a tag off and read on. So nobody,
            # however free a port is, gets anything else to a filtered port or a namespace.
            plain = _quoted([*(port.view.tap for port in self.guarded), *self.host_ends])
            last.append(f"oifname {{ {plain} }} ether type != {{ arp, ip, ip6 }} drop")
        if self.up and not self.native:
            last.append("meta mark set oifname map @marks")
        if isolated:
            # the host shall not be a neighbour of the tenants
            text += hook("host", "input", -200, [f"iifname {{ {_quoted(isolated)} }} drop"])
        marking = metadata_mark.chain_lines([port.view for port in self.ports])
        if marking:
            text += chain("metadata", marking)
        return (
            text
            + hook("from_port", "prerouting", -300, first)
            + hook("to_port", "forward", -200, last)
        )

    def _mark_map(self) -> str:
        marks = {f'"{p.view.tap}"': f"{self.marks[p.view.id]:#x}" for p in self.up}
        return (
            f"  map marks {{\n    type ifname : mark\n    elements = {{ {_pairs(marks)} }}\n  }}\n"
        )

    def _guard(self) -> str:
        """Chains that let a frame pass only under an address its port owns."""
        claims = guard.Claims()
        for port in self.guarded:
            claims.add(port.view.tap, sources(port.view))
        pass_on = ["accept"] if self.native else ["meta mark set iifname map @marks", "accept"]
        return chain("pass", pass_on) + "".join(
            chain(name, lines) for name, lines in claims.chains()
        )


def table(name: str, body: str) -> str:
    """A table that replaces itself whole, in one transaction, whether it existed or not."""
    return f"table {name} {{\n}}\ndelete table {name}\ntable {name} {{\n{body}}}\n"


def chain(name: str, lines: Iterable[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def hook(name: str, where: str, priority: int, lines: Sequence[str]) -> str:
    """A base chain with policy accept; nothing at all when it has no rule."""
    if not lines:
        return ""
    return chain(name, [f"type filter hook {where} priority {priority}; policy accept;", *lines])


def _pairs(elements: Mapping[str, str]) -> str:
    return ", ".join(f"{key} : {elements[key]}" for key in sorted(elements))


def _listed(items: Iterable[str]) -> str:
    return ", ".join(sorted(items))


def _quoted(items: Iterable[str]) -> str:
    return ", ".join(f'"{item}"' for item in sorted(items))


def _sorted_text(parts: Mapping[str, str]) -> str:
    return "".join(parts[name] for name in sorted(parts))


def _plain_v4(port: PortView) -> list[str]:
    return [address for _, address in sources(port).pairs if ":" not in address]
