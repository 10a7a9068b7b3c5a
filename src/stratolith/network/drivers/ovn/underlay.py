"""The way of tunnels when the switch is a process: it shares the device that has the address.

Such a switch sends tunnel packets only by a bridge of its own that has the tunnel's address. So the
bridge ``br-stl-tun`` has the host's address and MAC once more, and the device as its port. The
switch reads and writes the device beside the kernel, which keeps the address and all other traffic;
a packet filter hides the tunnels' packets from the kernel, and the bridge from its network stack.
"""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path

import msgspec
from pyroute2 import IPRoute

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import names, outside
from stratolith.network.drivers.linux.host_kernel import netlink, nft, sysctl
from stratolith.network.drivers.ovn.daemons import run_tool
from stratolith.network.drivers.ovn.switch import UNDERLAY as BRIDGE
from stratolith.network.drivers.ovn.switch import Switch

PORT = outside.GENEVE_PORT
_NO_PREFIX_ROUTE = 0x200
REPAIR_SECONDS = 20.0  # after which everything is made again, in case others changed it


class Way(msgspec.Struct, frozen=True):
    """The device with the address, and the routes by it (prefix, next hop or "")."""

    device: str
    mac: str
    address: str  # with prefix length
    routes: tuple[tuple[str, str], ...]


def way_of(address: str) -> Way:
    """The way by the device that has the address; raises ``NetworkDriverError``."""
    if ":" in address:
        raise NetworkDriverError(
            "without the kernel module openvswitch tunnels need an IPv4 address: set "
            "hosts.tunnel_address"
        )
    by_index = {link.index: link for link in netlink.links().values() if link.name != BRIDGE}
    for known in netlink.addresses():
        link = by_index.get(known.index)
        if link is not None and link.mac and known.text.split("/")[0] == address:
            routes = {
                (route.destination, route.nexthop)
                for route in netlink.routes()
                if route.index == link.index and ":" not in route.destination
            }
            own = str(ipaddress.ip_interface(known.text).network)
            routes |= {(own, "")}
            return Way(link.name, link.mac, known.text, tuple(sorted(routes)))
    raise NetworkDriverError(f"no device of this host has the tunnel address {address}")


class Underlay:
    """``directory``: of the switch."""

    def __init__(self, directory: Path, instance: str) -> None:
        self._directory = directory
        self._table = f"netdev {instance}_tunnels"
        self._made: tuple[Way, int | None] | None = None  # with the process of the switch
        self._made_at = 0.0

    def is_made(self, switch: Switch) -> bool:
        """Whether this process of the switch has the way."""
        return self._made is not None and self._made[1] == switch.switch.pid()

    def settle(self, switch: Switch, address: str) -> None:
        """Make the way of tunnels from this address; raises ``NetworkDriverError``."""
        way, pid = way_of(address), switch.switch.pid()
        is_new = time.monotonic() - self._made_at < REPAIR_SECONDS
        if self._made == (way, pid) and is_new:
            return
        switch.ensure_bridge(BRIDGE, secure=True, mac=way.mac)
        switch.give_port(BRIDGE, way.device)
        self._address(way)
        self._flows(way)
        self._hide(way)
        for prefix, hop in way.routes:
            route = [prefix, BRIDGE, *([hop] if hop else [])]
            self._run("ovs-appctl", "-t", str(switch.control()), "ovs/route/add", *route)
        self._made, self._made_at = (way, pid), time.monotonic()

    def _address(self, way: Way) -> None:
        link = netlink.link(BRIDGE)
        if link is None:
            raise NetworkDriverError(f"the bridge {BRIDGE} did not appear")
        sysctl.disable_ipv6(BRIDGE)
        current = {a.text for a in netlink.addresses() if a.index == link.index}
        with IPRoute() as ip:
            for text in current - {way.address}:
                address, prefix = text.split("/")
                ip.addr("del", index=link.index, address=address, prefixlen=int(prefix))
            if way.address not in current:
                address, prefix = way.address.split("/")
                ip.addr(
                    "add", index=link.index, address=address, prefixlen=int(prefix),
                    IFA_FLAGS=_NO_PREFIX_ROUTE,
                )  # fmt: skip
            if not link.up:
                ip.link("set", index=link.index, state="up")

    def _flows(self, way: Way) -> None:
        """Tunnels' packets, and what finds the MAC addresses of the other hosts."""
        own = way.address.split("/")[0]
        inward = f"priority=10,in_port={way.device}"
        flows = [
            f"priority=10,in_port=LOCAL,udp,tp_dst={PORT},actions=output:{way.device}",
            f"priority=10,in_port=LOCAL,arp,actions=output:{way.device}",
            f"{inward},udp,nw_dst={own},tp_dst={PORT},actions=LOCAL",
            f"{inward},arp,arp_op=2,arp_tpa={own},actions=LOCAL",
        ]
        control = f"unix:{self._directory / BRIDGE}.mgmt"
        command = ("--names", "replace-flows", control, "-")
        self._run("ovs-ofctl", *command, text="".join(f"{flow}\n" for flow in flows))

    def _hide(self, way: Way) -> None:
        own = way.address.split("/")[0]
        hook = "type filter hook ingress device"
        nft.load(
            f"table {self._table} {{\n}}\ndelete table {self._table}\n"
            f"table {self._table} {{\n"
            f'  chain outer {{\n    {hook} "{names.checked_device(way.device)}" priority 0\n'
            f"    ip daddr {own} udp dport {PORT} drop\n  }}\n"
            f'  chain inner {{\n    {hook} "{BRIDGE}" priority 0; policy drop\n  }}\n}}\n'
        )

    def _run(self, name: str, *arguments: str, text: str = "") -> None:
        run_tool(name, self._directory, *arguments, text=text)

    def remove(self) -> None:
        """Remove the packet filter; the bridge goes with the switch."""
        nft.remove([self._table])
        self._made = None
