"""Looks at the kernel objects of one port, from the guest's tap to the outside.

Nothing is changed. The only packets are ARP requests and neighbour solicitations.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from stratolith.network.drivers.base import (
    HostNetworkView,
    NetworkDriverError,
    NetworkView,
    PortView,
)
from stratolith.network.drivers.hops import Asked, FloatingPair, Hop
from stratolith.network.drivers.linux import dhcp, names
from stratolith.network.drivers.linux.dnsmasq import Dnsmasq
from stratolith.network.drivers.linux.host_kernel import namespaces, netlink, nft, probes
from stratolith.network.drivers.routing import RouterPortView, RouterView

T = TypeVar("T")
REPAIR = "The agent repairs this within 20 s; if it does not: stratolith logs agent"
_CONNECT_SECONDS = 2.0


class Diagnosis:
    """The hops of one question. ``instance``: the name of our tables."""

    def __init__(
        self, view: HostNetworkView, asked: Asked, dnsmasq: Dnsmasq, instance: str, native: bool
    ) -> None:
        self.view, self.asked, self.dnsmasq = view, asked, dnsmasq
        self.instance, self.native = instance, native
        self.links = netlink.links()
        self.network = next((n for n in view.networks if n.id == asked.network_id), None)

    def hops(self) -> Iterator[Hop]:
        if self.network is None:
            yield Hop(
                name="network",
                passed=False,
                text="this host has no part of the network",
                advice=self._reason(self.asked.network_id) or REPAIR,
            )
            return
        if self.asked.is_bound_here:
            port = next((p for p in self.network.ports if p.id == self.asked.port_id), None)
            yield from self._guest(self.network, port)
        for router in self.view.routers:
            if router.id in self.asked.routers:
                yield from self._router(router)

    def _reason(self, object_id: str) -> str:
        """Why the control plane left an object out of the view; "" if it did not."""
        reason = self.view.left_out.get(object_id, "")
        return f"It cannot be realised: {reason}" if reason else ""

    # -- the guest's own host ----------------------------------------------------------------------

    def _guest(self, network: NetworkView, port: PortView | None) -> Iterator[Hop]:
        if port is None:
            advice = self._reason(self.asked.port_id) or REPAIR
            yield Hop(name="link", passed=False, text="the port is not realised", advice=advice)
            return
        yield self._link(network, port)
        yield self._bridge(network)
        yield from self._dhcp(network, port)
        yield self._filters(port)

    def _link(self, network: NetworkView, port: PortView) -> Hop:
        failed = partial(Hop, name="link", passed=False)
        tap, bridge = self.links.get(port.tap), self.links.get(network.bridge)
        if tap is None:
            return failed(text=f"the tap {port.tap} does not exist", advice=REPAIR)
        if bridge is None or tap.master != bridge.index:
            return failed(text=f"{port.tap} is not on bridge {network.bridge}", advice=REPAIR)
        if not port.admin_state_up:
            advice = f"openstack port set --enable {port.id}"
            return failed(text="the port is administratively down", advice=advice)
        if not probes.is_running(port.tap):
            text = f"{port.tap} has no carrier: no guest is connected to it"
            return failed(text=text, advice=f"openstack server reboot --hard {port.server_id}")
        text = f"{port.tap} is connected to the guest and to bridge {network.bridge}"
        return Hop(name="link", passed=True, text=text)

    def _bridge(self, network: NetworkView) -> Hop:
        bridge = self.links.get(network.bridge)
        if bridge is None or not bridge.up:
            text = f"bridge {network.bridge} is missing or down"
            return Hop(name="network", passed=False, text=text, advice=REPAIR)
        if network.peers and network.network_type == "vxlan":
            tunnel = self.links.get(names.tunnel(network.id))
            if tunnel is None or tunnel.master != bridge.index or not tunnel.up:
                text = f"the tunnel {names.tunnel(network.id)} to other hosts is missing or down"
                return Hop(name="network", passed=False, text=text, advice=REPAIR)
            hosts = ", ".join(peer.address for peer in network.peers)
            text = f"bridge {network.bridge}, tunnel {tunnel.name} to {hosts}"
            return Hop(name="network", passed=True, text=text)
        return Hop(name="network", passed=True, text=f"bridge {network.bridge}")

    def _dhcp(self, network: NetworkView, port: PortView) -> Iterator[Hop]:
        """DHCP, the guest's answer to it, and metadata, all in the network's DHCP namespace."""
        namespace = dhcp.compile_namespace(network)
        if namespace is None:
            text = "no subnet of the network has DHCP: the guest needs another source of addresses"
            yield Hop(name="dhcp", passed=None, text=text)
            return
        failed = partial(Hop, name="dhcp", passed=False)
        if namespaces.inode(namespace.name) is None:
            yield failed(text=f"namespace {namespace.name} does not exist", advice=REPAIR)
            return
        if self.dnsmasq.pid(network.id) is None:
            yield failed(text="the DHCP server (dnsmasq) does not run", advice=REPAIR)
            return
        reserved = [h.ip_address for h in network.dhcp_hosts if h.port_id == port.id]
        if not reserved:
            yield failed(text="the DHCP server has no address for the port", advice=REPAIR)
            return
        device = namespace.devices[0].inner_name
        own = [text.split("/")[0] for text in namespace.devices[0].addresses]
        yield self._answers(namespace.name, device, own, self._lease(network.id))
        yield metadata(namespace.name)

    def _lease(self, network_id: str) -> str:
        try:
            lines = (self.dnsmasq.directory / network_id / "leases").read_text().splitlines()
        except OSError:
            lines = []
        held = [words[2] for words in map(str.split, lines) if words[1:2] == [self.asked.mac]]
        return f"it has the lease {', '.join(held)}" if held else "it has not asked for its lease"

    def _answers(self, namespace: str, device: str, own: list[str], lease: str) -> Hop:
        """Whether the guest answers for its address; without an answer it has no such address."""
        reply = self._asked_neighbour(namespace, device, own)
        if isinstance(reply, Hop):
            return reply
        if reply is None:
            return Hop(
                name="dhcp",
                passed=False,
                text=f"the guest does not answer for {self.asked.addresses[0]}; {lease}",
                advice="see the guest's console: openstack console log show "
                "(it boots, has no DHCP client, or its network is configured otherwise)",
            )
        return Hop(name="dhcp", passed=True, text=f"the guest answers for {reply}; {lease}")

    def _asked_neighbour(self, namespace: str, device: str, own: list[str]) -> str | Hop | None:
        """The guest's address for which it answers, None for none, a Hop if it cannot be asked."""
        for address in self.asked.addresses:
            source = _same_version(own, address)
            if not source:
                continue
            mac = _inside(namespace, partial(probes.neighbour, device, source, address))
            if mac is None:
                return None
            if mac != probes.mac_of(self.asked.mac):
                text = f"{address} is answered by {mac}, not by the port's {self.asked.mac}"
                advice = "another machine uses the address: find it in its network"
                return Hop(name="dhcp", passed=False, text=text, advice=advice)
            return address
        return Hop(name="dhcp", passed=None, text="the DHCP server cannot ask for its addresses")

    def _filters(self, port: PortView) -> Hop:
        table = f"{'bridge' if self.native else 'inet'} {self.instance}"
        if nft.listing(table) is None:
            text = f"the packet filter (nft table {table}) is missing"
            return Hop(name="security group", passed=False, text=text, advice=REPAIR)
        text = f"{len(port.rules)} rules in the packet filter"
        if not port.port_security:
            text = "port security is off: nothing is filtered"
        return Hop(name="security group", passed=True, text=text)

    # -- the router's host -------------------------------------------------------------------------

    def _router(self, router: RouterView) -> Iterator[Hop]:
        failed = partial(Hop, name="gateway", passed=False)
        if not router.admin_state_up:
            advice = f"openstack router set --enable {router.id}"
            yield failed(text=f"router {router.id} is administratively down", advice=advice)
            return
        namespace = names.router_namespace(router.id)
        if namespaces.inode(namespace) is None:
            advice = self._reason(router.id) or REPAIR
            yield failed(text=f"namespace {namespace} does not exist", advice=advice)
            return
        ports = [p for p in router.interfaces if p.network_id == self.asked.network_id]
        yield self._interface(namespace, ports)
        if router.gateway is not None:
            yield self._outside(namespace, router, router.gateway, router.gateway_nexthops)
        for extra in router.extra_gateways:
            yield self._outside(namespace, router, extra.port, extra.nexthops)
        for pair in self.asked.floating_ips:
            if pair.router_id == router.id and router.gateway is not None:
                yield self._floating(namespace, pair)

    def _interface(self, namespace: str, ports: list[RouterPortView]) -> Hop:
        for port in ports:
            device = names.inner_interface(port.port_id)
            own = [text.split("/")[0] for text in port.addresses]
            if not _inside(namespace, partial(probes.is_running, device)):
                text = f"{device} in {namespace} is missing or down"
                return Hop(name="gateway", passed=False, text=text, advice=REPAIR)
            reply = self._asked_neighbour(namespace, device, own)
            if isinstance(reply, str):
                text = f"{', '.join(own)} on {device} reaches the guest at {reply}"
                return Hop(name="gateway", passed=True, text=text)
            if reply is None:
                text = f"the guest does not answer the router ({', '.join(own)} on {device})"
                advice = "if the hop dhcp passed: look at the tunnels between the two hosts"
                return Hop(name="gateway", passed=False, text=text, advice=advice)
        return Hop(name="gateway", passed=None, text="the router has no address in its subnets")

    def _outside(
        self, namespace: str, router: RouterView, gateway: RouterPortView, nexthops: list[str]
    ) -> Hop:
        failed = partial(Hop, name="snat", passed=False)
        device = names.inner_gateway(gateway.port_id)
        own = [text.split("/")[0] for text in gateway.addresses]
        if not _inside(namespace, partial(probes.is_running, device)):
            return failed(text=f"{device} in {namespace} is missing or down", advice=REPAIR)
        if router.enable_snat and _inside(namespace, self._translates) is None:
            return failed(text=f"{namespace} does not translate addresses", advice=REPAIR)
        for nexthop in nexthops:
            source = _same_version(own, nexthop)
            if not source:
                continue
            if _inside(namespace, partial(probes.neighbour, device, source, nexthop)) is None:
                advice = "check the cable or VLAN of the external network, and its gateway"
                return failed(text=f"the next hop {nexthop} does not answer", advice=advice)
        how = f"as {own[0]}" if router.enable_snat and own else "with their own addresses"
        hops = ", ".join(nexthops) or "none"
        return Hop(name="snat", passed=True, text=f"packets leave {how}; next hop {hops}")

    def _translates(self) -> str | None:
        return nft.listing(f"ip {self.instance}")

    def _floating(self, namespace: str, pair: FloatingPair) -> Hop:
        failed = partial(Hop, name="floating ip", passed=False)
        addresses, links = _inside(namespace, netlink.addresses), _inside(namespace, netlink.links)
        at = {a.index for a in addresses if a.text.split("/")[0] == pair.floating_ip}
        device = next((link.name for link in links.values() if link.index in at), "")
        if not device:
            text = f"{pair.floating_ip} is on no gateway in {namespace}"
            return failed(text=text, advice=REPAIR)
        rules = _inside(namespace, self._translates) or ""
        if f"{pair.floating_ip} : {pair.fixed_ip}" not in rules:
            text = f"{pair.floating_ip} is not translated to {pair.fixed_ip}"
            return failed(text=text, advice=REPAIR)
        text = f"{pair.floating_ip} on {device} is translated to {pair.fixed_ip}"
        return Hop(name="floating ip", passed=True, text=text)


def metadata(namespace: str) -> Hop:
    """Whether the proxy of the metadata service listens in the network's namespace."""

    def connect() -> None:
        address = (names.METADATA_ADDRESS, names.DHCP_METADATA_PORT)
        socket.create_connection(address, _CONNECT_SECONDS).close()

    try:
        namespaces.run_in(namespace, connect)
    except (OSError, NetworkDriverError) as error:
        text = f"the metadata proxy does not listen in {namespace}: {error}"
        return Hop(name="metadata", passed=False, text=text, advice=REPAIR)
    return Hop(name="metadata", passed=True, text=f"the proxy listens in {namespace}")


def _same_version(addresses: list[str], like: str) -> str:
    """The first address of the IP version of ``like``, not that of metadata; "" for none."""
    version = ipaddress.ip_address(like).version
    for address in addresses:
        if ipaddress.ip_address(address).version == version and address != names.METADATA_ADDRESS:
            return address
    return ""


def _inside(namespace: str, look: Callable[[], T]) -> T:
    return namespaces.run_in(namespace, look)
