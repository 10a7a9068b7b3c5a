"""The devices of guests in the host's kernel."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Mapping
from fcntl import ioctl
from os import O_CLOEXEC, O_RDWR, close
from os import open as open_file

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkDriverError, PortView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import netlink, nft, sysctl

_TUNSETIFF, _TUNSETPERSIST = 0x400454CA, 0x400454CB
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000


class Taps:
    """The taps of an instance: labelled as those of the driver linux are."""

    def __init__(self, instance: str, *, hidden: bool) -> None:
        self.instance = instance
        self.group = names.group_number(instance)
        # The switch reads frames with a packet socket: the kernel's own stack must not have them.
        self.hidden = hidden

    def settle(
        self, wanted: Mapping[str, tuple[PortView, int]], hosts: Iterable[str] = ()
    ) -> dict[str, str]:
        """Make and remove taps (name -> port and MTU); returns port -> reason for failures.

        ``hosts``: devices of the host on the same switch.
        """
        links = netlink.links()
        errors: dict[str, str] = {}
        with IPRoute() as ip:
            for name, link in links.items():
                if self._is_ours(link) and link.kind == "tun" and name not in wanted:
                    _delete(ip, link.index)
            for name, (port, mtu) in wanted.items():
                try:
                    self._ensure(ip, name, links.get(name), port.id, mtu)
                except (OSError, ValueError, NetlinkError, NetworkDriverError) as error:
                    errors[port.id] = f"tap {name}: {error}"
        if self.hidden:
            self._hide(
                [*hosts, *(name for name, (port, _) in wanted.items() if port.id not in errors)]
            )
        return errors

    def _is_ours(self, link: netlink.Link) -> bool:
        return link.alias.startswith(f"{self.instance}:") or link.group == self.group

    def _ensure(
        self, ip: IPRoute, name: str, link: netlink.Link | None, port_id: str, mtu: int
    ) -> None:
        names.checked_device(name)
        if link is not None and not self._is_ours(link):
            raise NetworkDriverError("a link of this name exists that Stratolith did not make")
        if link is None:
            handle = open_file("/dev/net/tun", O_RDWR | O_CLOEXEC)
            try:
                ioctl(
                    handle, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI)
                )
                sysctl.disable_ipv6(name)
                index = socket.if_nametoindex(name)
                # the hypervisor reads the end: a switch that is a process fills in no checksums
                end = ":no-offload" if self.hidden else ""
                alias = f"{self.instance}:port:{port_id}{end}"
                ip.link("set", index=index, ifalias=alias, group=self.group)
                ioctl(handle, _TUNSETPERSIST, 1)
            finally:
                close(handle)
            ip.link("set", index=index, mtu=checks.mtu(mtu), state="up")
            return
        if link.mtu != mtu or not link.up:
            ip.link("set", index=link.index, mtu=checks.mtu(mtu), state="up")

    def _hide(self, taps: Iterable[str]) -> None:
        """Drop what guests send before the host's own network stack sees it."""
        table = f"netdev {self.instance}_taps"
        current = nft.listing(table) or ""
        wanted = {f"c_{names.digest(tap)}": tap for tap in taps}
        known = {
            line.split()[1] for line in current.splitlines() if line.strip().startswith("chain ")
        }
        lines = [f"table {table} {{\n}}\n"]
        for chain, tap in wanted.items():
            if chain not in known:
                hook = f'type filter hook ingress device "{tap}" priority 0; policy drop;'
                lines.append(f"add chain {table} {chain} {{ {hook} }}\n")
        lines += [f"delete chain {table} {chain}\n" for chain in sorted(known - wanted.keys())]
        if len(lines) > 1:
            nft.load("".join(lines))

    def remove(self) -> None:
        """Remove all taps of ours and their table."""
        if self.hidden:
            nft.remove([f"netdev {self.instance}_taps"])
        with IPRoute() as ip:
            for link in netlink.links().values():
                if self._is_ours(link) and link.kind == "tun":
                    _delete(ip, link.index)


def _delete(ip: IPRoute, index: int) -> None:
    try:
        ip.link("del", index=index)
    except NetlinkError as error:
        if error.code != 19:  # it has gone by itself
            raise NetworkDriverError(f"cannot delete a tap: {error}") from error
