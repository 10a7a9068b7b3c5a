"""Local IPs: addresses that the guests of a host reach as a port of this host.

nft translates no addresses on bridges, so packets are rewritten without a state, and conntrack
remembers which connections were rewritten:

1. A tap's ingress (``netdev``) answers ARP requests for the address with the port's MAC address.
2. Before conntrack and all filters the destination becomes the port's own address; so connections
   are tracked, filtered and counted between the real ports. The frame gets a MAC address that
   stands for the association, and that no device has.
3. By this MAC address the connection gets its mark, with each packet: conntrack sees the same
   connection when a guest uses the same ports for the port's own address later. Then the frame gets
   the port's MAC address.
4. Replies of connections with such a mark get the local IP as source when they leave for the guest.

Of several ports of a host with one address, the first up by id has it. The port itself reaches the
address's owner, as it would without the association.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.linux import limits, names
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.host_kernel import nft
from stratolith.network.drivers.linux.tables import NamedSet, Ruleset, Table, mapping, named

CANNOT = "this host's kernel cannot answer for local IPs: it lacks nft's family netdev"
# Priorities. After conntrack is also after br_netfilter (0), which calls it.
_BEFORE_ALL, _AFTER_CONNTRACK, _LAST = -360, 10, 400
_ANSWER = (
    "arp daddr ether set arp saddr ether",
    "arp daddr ip set arp saddr ip",
    "ether daddr set ether saddr",
    "ether saddr set {mac}",
    "arp saddr ether set {mac}",
    "arp saddr ip set {address}",
    "arp operation set reply",
    "fwd to meta iif",
)
_PROBE = """table netdev {name}_probe {{
  chain probe {{
    type filter hook ingress device "lo" priority 0; policy accept;
    arp operation request arp daddr ip set arp saddr ip fwd to meta iif
  }}
}}
"""


def can_answer(instance: str) -> bool:
    """Whether the kernel can answer at the ingress of taps; changes nothing in the kernel."""
    return nft.complaint(_PROBE.format(name=instance)) is None


def without(view: HostNetworkView) -> HostNetworkView:
    """The view for a host that cannot answer."""
    networks = [
        msgspec.structs.replace(
            network, ports=[msgspec.structs.replace(port, local_ips=[]) for port in network.ports]
        )
        for network in view.networks
    ]
    return msgspec.structs.replace(view, networks=networks)


def ids_of(view: HostNetworkView) -> set[str]:
    """The local IPs of a view."""
    return {
        local_ip.id
        for network in view.networks
        for port in network.ports
        for local_ip in port.local_ips
    }


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """A local IP of a bridge, and the port that has it on this host."""

    bridge: str
    address: str
    tap: str
    mac: str
    fixed_ip: str
    passthrough: bool
    number: int = 0  # distinguishes the associations of the host, 24 bits

    @property
    def mark(self) -> str:
        return f"{limits.COUNTED | self.number:#x}"

    @property
    def stand_in(self) -> str:
        """The MAC address that stands for the association."""
        return "06:4c:" + (limits.COUNTED | self.number).to_bytes(4, "big").hex(":")

    @property
    def to_mac(self) -> str:
        """The MAC address that frames for the local IP get at first."""
        return self.mac if self.passthrough else self.stand_in

    @property
    def chain(self) -> str:
        return f"answer_{self.number:06x}"


def associations(ports: Iterable[FilteredPort]) -> list[Association]:
    """Those that act on this host; ``ports``: those that are up."""
    by_address: dict[tuple[str, str], Association] = {}
    for port in sorted(ports, key=lambda port: port.view.id):
        own = {fixed.ip_address for fixed in port.view.fixed_ips}
        for local_ip in map(checks.local_ip, port.view.local_ips):
            if local_ip.fixed_ip not in own:
                continue
            association = Association(
                bridge=port.bridge,
                address=local_ip.address,
                tap=port.view.tap,
                mac=checks.mac(port.view.mac),
                fixed_ip=local_ip.fixed_ip,
                passthrough=local_ip.passthrough,
            )
            by_address.setdefault((port.bridge, local_ip.address), association)
    return _numbered([by_address[key] for key in sorted(by_address)])


def _numbered(items: Sequence[Association]) -> list[Association]:
    """The numbers are stable over time: connections keep their marks."""
    taken, numbered = {0}, []
    for item in items:
        key = f"{item.bridge}/{item.address}/{item.tap}/{item.fixed_ip}"
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:3], "big")
        while number in taken:
            number = (number + 1) & 0xFFFFFF
        taken.add(number)
        numbered.append(msgspec.structs.replace(item, number=number))
    return numbered


class LocalIps:
    """The sets and chains of a host's local IPs. ``ports``: those that are up."""

    def __init__(self, ports: Sequence[FilteredPort]) -> None:
        self.all = associations(ports) if any(port.view.local_ips for port in ports) else []
        self.translated = [item for item in self.all if not item.passthrough]
        self.clients = {
            port.view.tap: names.digest(port.bridge)
            for port in ports
            if port.bridge in {item.bridge for item in self.all}
        }
        self.by_bridge: dict[str, list[Association]] = {}
        for item in self.all:
            self.by_bridge.setdefault(names.digest(item.bridge), []).append(item)
        self.passed = {
            f'"{port.view.tap}" . {item.address}'
            for port in ports
            for item in self.all
            if item.passthrough and item.tap == port.view.tap and not _owns(port, item.address)
        }

    @property
    def tracked_taps(self) -> set[str]:
        """Ports whose packets must be known by conntrack: replies are translated by it."""
        return {item.tap for item in self.translated}

    @property
    def tracked_macs(self) -> set[str]:
        return {f'"{item.bridge}" . {item.stand_in}' for item in self.translated}

    # -- on the bridge ---------------------------------------------------------------------------

    def bridge_sets(self) -> dict[str, NamedSet]:
        if not self.all:
            return {}
        sets = {
            "local_own": self._own(),
            "local_clients": self._by_tap("jump local_to"),
            "local_frames": self._by_tap("jump local_end"),
        }
        for net, items in self.by_bridge.items():
            translated = [item for item in items if not item.passthrough]
            macs = {item.address: item.to_mac for item in items}
            sets[f"local_macs_{net}"] = mapping("type ipv4_addr : ether_addr", macs)
            sets[f"local_fixed_{net}"] = mapping(
                "type ipv4_addr : ipv4_addr", {item.address: item.fixed_ip for item in translated}
            )
            sets[f"local_ends_{net}"] = mapping(
                "type ether_addr : ether_addr", {item.stand_in: item.mac for item in translated}
            )
        if self.passed:
            sets["local_passed"] = named("type ifname . ipv4_addr", self.passed)
            sets["local_taps"] = named("type ifname", (f'"{tap}"' for tap in self.clients))
        return sets

    def bridge_chains(self) -> dict[str, Sequence[str]]:
        if not self.all:
            return {}
        chains: dict[str, Sequence[str]] = {}
        for net in self.by_bridge:
            chains[f"local_to_{net}"] = [
                "iifname . ip daddr @local_own return",
                f"ether daddr set ip daddr map @local_macs_{net}",
                f"ip daddr set ip daddr map @local_fixed_{net}",
            ]
            chains[f"local_end_{net}"] = [f"ether daddr set ether daddr map @local_ends_{net}"]
        chains["local_before"] = _hooked(
            "prerouting", _BEFORE_ALL, "ether type ip iifname vmap @local_clients"
        )
        chains["local_after"] = _hooked(
            "prerouting", _AFTER_CONNTRACK, "ether type ip iifname vmap @local_frames"
        )
        if self.passed:
            chains["local_stays"] = _hooked(
                "forward",
                _BEFORE_ALL,
                "iifname . ip saddr @local_passed oifname != @local_taps drop",
                "iifname . arp saddr ip @local_passed oifname != @local_taps drop",
            )
        return chains

    # -- where connections are known -------------------------------------------------------------

    def connection_sets(self) -> dict[str, NamedSet]:
        if not self.translated:
            return {}
        return {
            "local_stand_ins": named("type ether_addr", (i.stand_in for i in self.translated)),
            "local_marks": mapping(
                "type ether_addr : mark", {item.stand_in: item.mark for item in self.translated}
            ),
            "local_sources": mapping(
                "type mark . ipv4_addr : ipv4_addr",
                {f"{item.mark} . {item.fixed_ip}": item.address for item in self.translated},
            ),
        }

    def connection_chains(self) -> dict[str, Sequence[str]]:
        if not self.translated:
            return {}
        return {
            "local_opened": _hooked(
                "prerouting",
                limits.OPENS + 1,
                # the same ports again, to the port's own address
                f"ct direction original {limits.IS_COUNTED} ct mark != {limits.COUNTED:#x} "
                f"ether daddr != @local_stand_ins ct mark set {limits.COUNTED:#x}",
                "ct mark set ether daddr map @local_marks",
            ),
            "local_replies": _hooked(
                "postrouting",
                _LAST,
                "ct direction reply ip saddr set ct mark . ip saddr map @local_sources",
            ),
        }

    # -- at the ingress of taps ------------------------------------------------------------------

    def answers(self, instance: str) -> Table:
        """The table that answers ARP requests of guests."""
        name = table_name(instance)
        if not self.all:
            return Table(name=name, sets={}, chains={})
        sets, chains = {"local_own": self._own()}, {}
        for net, items in self.by_bridge.items():
            sets[f"addresses_{net}"] = named("type ipv4_addr", (item.address for item in items))
            sets[f"answers_{net}"] = mapping(
                "type ipv4_addr : verdict", {item.address: f"goto {item.chain}" for item in items}
            )
            for item in items:
                values = {"mac": item.mac, "address": item.address}
                chains[item.chain] = [line.format(**values) for line in _ANSWER]
            chains[f"asked_{net}"] = [
                "iifname . arp daddr ip @local_own return",
                # whoever looks for a duplicate of its own address, and the owner's announcements
                "arp saddr ip 0.0.0.0 return",
                f"arp saddr ip @addresses_{net} return",
                f"arp daddr ip vmap @answers_{net}",
            ]
        for tap, net in self.clients.items():
            chains[f"from_{names.digest(tap)}"] = [
                f'type filter hook ingress device "{tap}" priority -10; policy accept;',
                f"arp operation request goto asked_{net}",
            ]
        return Table(name=name, sets=sets, chains=chains)

    def _own(self) -> NamedSet:
        return named(
            "type ifname . ipv4_addr", (f'"{item.tap}" . {item.address}' for item in self.all)
        )

    def _by_tap(self, verdict: str) -> NamedSet:
        verdicts = {f'"{tap}"': f"{verdict}_{net}" for tap, net in self.clients.items()}
        return mapping("type ifname : verdict", verdicts)


def present(ruleset: Ruleset, devices: Container[str]) -> Ruleset:
    """The tables without the chains of devices that do not exist."""
    return tuple(
        msgspec.structs.replace(
            table,
            chains={
                name: lines
                for name, lines in table.chains.items()
                if _device(lines) is None or _device(lines) in devices
            },
        )
        for table in ruleset
    )


def lost(ruleset: Ruleset | None, devices: Container[str]) -> bool:
    """Whether a chain may have ended with its device; ``devices``: those that were made anew."""
    return any(
        _device(lines) in devices
        for table in ruleset or ()
        for lines in table.chains.values()
        if _device(lines) is not None
    )


def _device(lines: Sequence[str]) -> str | None:
    """The device whose frames a chain sees; None for a chain without a hook."""
    return lines[0].split('"')[1] if lines and lines[0].startswith("type ") else None


def table_name(instance: str) -> str:
    return f"netdev {instance}_local"


def _owns(port: FilteredPort, address: str) -> bool:
    return any(fixed.ip_address == address for fixed in port.view.fixed_ips)


def _hooked(where: str, priority: int, *lines: str) -> list[str]:
    return [f"type filter hook {where} priority {priority}; policy accept;", *lines]
