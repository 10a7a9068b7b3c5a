"""The source addresses that a port may use, and the rules that enforce them.

Every rule names its port. Single addresses of all ports share sets whose elements begin with the
port's tap; address blocks are checked in separate chains of their port, which only frames of that
port enter. So the permissions of one port never change those of another.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.linux.tables import NamedSet, named

_SOLICITATION, _ADVERTISEMENT = 135, 136
_DISCOVERY = "{ 133, 134, 135, 136, 137 }"


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """The source addresses a port may use: single addresses, and blocks with a prefix length."""

    macs: list[str]
    pairs: list[tuple[str, str]]  # (mac, address)
    blocks: list[tuple[str, str]]  # (mac, CIDR)


def sources(port: PortView) -> Sources:
    """The MAC and IP addresses the port may send from; ``ValueError`` names an invalid one."""
    result = Sources(macs=[], pairs=[], blocks=[])
    claims: list[tuple[str, str | None]] = [(port.mac, None)]
    claims += [(port.mac, checks.address(ip.ip_address)) for ip in port.fixed_ips]
    claims += [(pair.mac_address, pair.ip_address) for pair in port.allowed_address_pairs]
    claims += [(port.mac, ip.address) for ip in port.local_ips if ip.passthrough]
    for raw_mac, text in claims:
        mac = checks.mac(raw_mac)
        if mac not in result.macs:
            result.macs.append(mac)
            result.pairs.append((mac, link_local(mac)))
        if text is None:
            continue
        net = checks.network(text)
        if net.prefixlen == net.max_prefixlen:
            result.pairs.append((mac, str(net.network_address)))
        else:
            result.blocks.append((mac, str(net)))
    return result


@lru_cache(maxsize=1 << 14)
def link_local(mac: str) -> str:
    """The IPv6 link-local address that a guest derives from its MAC address."""
    raw = bytes.fromhex(mac.replace(":", ""))
    host = bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:]
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + host))


class Claims:
    """The addresses ports may send from, as the chain ``guard`` and the chains it jumps to.

    ``chains`` expects a chain ``pass``, which accepts frames with a permitted source address.
    """

    def __init__(self) -> None:
        self.macs: set[str] = set()
        self.hardware: set[str] = set()  # tap . MAC as a number
        self.four: set[str] = set()  # tap . mac . address
        self.six: set[str] = set()
        self.owned: set[str] = set()  # tap . IPv4 address
        self.targets: set[str] = set()  # tap . IPv6 address as a number
        self.blocks: dict[str, dict[str, list[str]]] = {
            kind: {} for kind in ("arp", "ip", "ip6", "target")
        }

    def join(self, other: Claims) -> None:
        """Add the claims of another port."""
        for name in ("macs", "hardware", "four", "six", "owned", "targets"):
            getattr(self, name).update(getattr(other, name))
        for kind, blocks in other.blocks.items():
            self.blocks[kind] |= blocks

    def add(self, tap: str, claims: Sources) -> None:
        self.macs |= {f'"{tap}" . {mac}' for mac in claims.macs}
        self.hardware |= {f'"{tap}" . 0x{mac.replace(":", "")}' for mac in claims.macs}
        for mac, address in claims.pairs:
            if ":" in address:
                self.six.add(f'"{tap}" . {mac} . {address}')
                self.targets.add(f'"{tap}" . {_number(ipaddress.IPv6Address(address))}')
            else:
                self.four.add(f'"{tap}" . {mac} . {address}')
                self.owned.add(f'"{tap}" . {address}')
        for mac, block in claims.blocks:
            self._add_block(tap, mac, ipaddress.ip_network(block))

    def _add_block(
        self, tap: str, mac: str, block: ipaddress.IPv4Network | ipaddress.IPv6Network
    ) -> None:
        def line(kind: str, text: str) -> None:
            self.blocks[kind].setdefault(tap, []).append(text)

        if isinstance(block, ipaddress.IPv4Network):
            line("ip", f"ether saddr {mac} ip saddr {block} goto pass")
            line("arp", f"arp saddr ip 0.0.0.0 arp daddr ip {block} accept")
            line("arp", f"arp saddr ether {mac} arp saddr ip {block} accept")
            return
        line("ip6", f"ether saddr {mac} ip6 saddr {block} goto pass")
        mask, first = _number(block.netmask), _number(block.network_address)
        match = f"@th,64,128 & {mask} == {first} " if block.prefixlen else ""
        line("target", f"{match}goto guard_speaker")

    def sets(self) -> dict[str, NamedSet]:
        """The sets that the chains use."""
        return {
            "guard_macs": named("type ifname . ether_addr", self.macs),
            "guard_hardware": named("typeof iifname . @th,288,48", self.hardware),
            "guard_four": named("type ifname . ether_addr . ipv4_addr", self.four),
            "guard_six": named("type ifname . ether_addr . ipv6_addr", self.six),
            "guard_owned": named("type ifname . ipv4_addr", self.owned),
            "guard_targets": named("typeof iifname . @th,64,128", self.targets),
        }

    def chains(self) -> Iterable[tuple[str, list[str]]]:
        """Names and rules, in an order in which each chain is defined before it is used."""
        rules = {"arp": self._arp(), "ip": self._ip(), "ip6": self._ip6()}
        yield "guard_dhcp", self._dhcp()
        for kind in rules:
            yield from self._own(kind)
            yield f"guard_{kind}", [*rules[kind], *self._to_own(kind), "drop"]
        yield (
            "guard_speaker",
            [
                f"ip6 saddr :: icmpv6 type {_SOLICITATION} goto pass",
                "goto guard_ip6",
            ],
        )
        yield from self._own("target")
        targets = "iifname . @th,64,128 @guard_targets goto guard_speaker"
        yield "guard_target", [targets, *self._to_own("target"), "drop"]
        yield "guard_discovery", self._discovery()
        yield (
            "guard",
            [
                "iifname . ether saddr != @guard_macs drop",
                "ether type vmap { arp : goto guard_arp, ip : goto guard_ip, "
                "ip6 : goto guard_discovery }",
                "drop",
            ],
        )

    def _own(self, kind: str) -> Iterable[tuple[str, list[str]]]:
        for tap, lines in sorted(self.blocks[kind].items()):
            yield f"{kind}_{tap}", [*dict.fromkeys(lines), "drop"]

    def _to_own(self, kind: str) -> list[str]:
        verdicts = [f'"{tap}" : goto {kind}_{tap}' for tap in sorted(self.blocks[kind])]
        return [f"iifname vmap {{ {', '.join(verdicts)} }}"] if verdicts else []

    @staticmethod
    def _arp() -> list[str]:
        return [
            "iifname . arp saddr ether != @guard_macs drop",
            # ARP probe before an address is taken: only for the port's own address, because
            # a probe for another address would prevent its owner from taking it
            "arp saddr ip 0.0.0.0 iifname . arp daddr ip @guard_owned accept",
            "iifname . arp saddr ether . arp saddr ip @guard_four accept",
        ]

    @staticmethod
    def _ip() -> list[str]:
        return [
            "udp dport 67 jump guard_dhcp",
            "iifname . ether saddr . ip saddr @guard_four goto pass",
        ]

    @staticmethod
    def _dhcp() -> list[str]:
        """DHCP identifies a client by the hardware address in the message, not by the frame's."""
        own_hardware = "@th,72,16 0x0106 iifname . @th,288,48 @guard_hardware"
        return [
            "ip frag-off & 0x3fff != 0 drop",  # the content of fragments cannot be checked
            f"ip saddr 0.0.0.0 udp sport 68 @th,256,32 0 {own_hardware} goto pass",
            f"{own_hardware} return",
            # a relay agent sends for its clients, with its own address as source; our servers
            # do not accept that
            "ip saddr != 0.0.0.0 @th,256,32 != 0 return",
            "drop",
        ]

    @staticmethod
    def _ip6() -> list[str]:
        return [
            "ip6 saddr :: icmpv6 type { 131, 143 } goto pass",
            "iifname . ether saddr . ip6 saddr @guard_six goto pass",
        ]

    @staticmethod
    def _discovery() -> list[str]:
        """Neighbour discovery announces who has an address; that address must be the port's own."""
        return [
            # its fields could be hidden behind a fragment boundary; RFC 6980 forbids that anyway
            "frag nexthdr { 0, 43, 60 } drop",
            f"exthdr frag exists icmpv6 type {_DISCOVERY} drop",
            f"icmpv6 type {_ADVERTISEMENT} goto guard_target",
            f"ip6 saddr :: icmpv6 type {_SOLICITATION} goto guard_target",
            "goto guard_ip6",
        ]


def _number(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"{int(address):#034x}"
