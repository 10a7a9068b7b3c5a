"""The host's side of an external network: a bridge with the gateway's addresses, and NAT."""

from __future__ import annotations

from pathlib import Path

from pyroute2 import IPRoute

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import ExternalNetworkView, HostNetworkView, NetworkDriverError
from stratolith.network.drivers.linux import names, outside, tables
from stratolith.network.drivers.linux.host_kernel import (
    connected,
    host_routes,
    netlink,
    nft,
    sysctl,
)
from stratolith.network.drivers.linux.ledger import Ledger
from stratolith.network.drivers.ovn.switch import Switch

_FORWARD = "net/ipv4/ip_forward"


class Externals:
    """``directory``: where changed settings of the kernel are recorded."""

    def __init__(self, directory: Path, instance: str) -> None:
        self._ledger_path = directory / "ledger.json"
        self.instance = instance
        self._loaded = ""
        self._listed: list[str | None] = []  # the tables as the kernel has them

    def settle(self, view: HostNetworkView, switch: Switch) -> dict[str, str]:
        """Make the bridges with their addresses; returns network -> reason for failures."""
        errors: dict[str, str] = {}
        for external in view.externals:
            try:
                # always the same: OVN's routers keep a neighbour's address until it sends another
                mac = names.bridge_mac(names.checked_device(external.bridge))
                switch.ensure_bridge(external.bridge, mac=mac)
                switch.flow_normally(external.bridge)
                self._addresses(external)
            except (ValueError, NetworkDriverError) as error:
                for network in view.networks:
                    if network.physical_network == external.physical_network:
                        errors[network.id] = str(error)
        if any(":" not in text for external in view.externals for text in external.gateway_cidrs):
            self._forward()
        made = self._tables(view.externals)
        text = "".join(
            f"table {name} {{\n}}\ndelete table {name}\n"
            + (f"table {name} {{\n{tables.body({}, chains)}}}\n" if chains else "")
            for name, chains in made.items()
        )
        if text != self._loaded or [nft.listing(name) for name in made] != self._listed:
            nft.load(text)
            self._loaded, self._listed = text, [nft.listing(name) for name in made]
        return errors

    def _tables(self, externals: list[ExternalNetworkView]) -> dict[str, dict[str, list[str]]]:
        """Table -> its chains."""
        return {
            f"ip {self.instance}_nat": outside.chains(externals),
            f"ip6 {self.instance}_nat": outside.without_tunnels(externals, 6),
        }

    def _addresses(self, external: ExternalNetworkView) -> None:
        wanted = {checks.interface(text) for text in external.gateway_cidrs}
        link = netlink.link(external.bridge)
        if link is None:
            raise ValueError(f"the bridge {external.bridge} did not appear")
        current = {
            address.text
            for address in netlink.addresses()
            if address.index == link.index and not address.text.startswith("fe80:")
        }
        with IPRoute() as ip:
            if not link.up:
                ip.link("set", index=link.index, state="up")
            for text in sorted(current - wanted):
                address, prefix = text.split("/")
                ip.addr("del", index=link.index, address=address, prefixlen=int(prefix))
            for text in sorted(wanted - current):
                host_routes.check_free(text, {link.index})
                address, prefix = text.split("/")
                ip.addr("add", index=link.index, address=address, prefixlen=int(prefix))
            connected.settle(ip, {link.index: wanted})

    def _forward(self) -> None:
        before = sysctl.read(_FORWARD)
        if before == "1":
            return
        ledger = Ledger(self._ledger_path)
        ledger.entries.sysctls.setdefault(_FORWARD, before or "0")
        ledger.save()
        sysctl.write(_FORWARD, "1")

    def remove(self) -> None:
        nft.remove(list(self._tables([])))
        self._loaded = ""
        ledger = Ledger(self._ledger_path)
        for key, value in ledger.entries.sysctls.items():
            sysctl.write(key, value)
        ledger.remove()
