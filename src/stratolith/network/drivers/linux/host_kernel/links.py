"""Links in the host's own namespace: bridges, taps, and the host ends of veth pairs.

A link is ours when its alias starts with our name or it is in our link group. Veths and bridges
have the group from the moment of their creation, so a crash leaves no link that we do not know.
A link that has a name we need but is not ours is left alone and reported.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.bridging import tunnels
from stratolith.network.drivers.linux.host_kernel import (
    connected,
    host_routes,
    namespaces,
    netlink,
    promiscuity,
    sysctl,
    vlan_tags,
)
from stratolith.network.drivers.linux.host_kernel.netlink import Address, Link
from stratolith.network.drivers.linux.ipv6 import settings as settings6
from stratolith.network.drivers.linux.objects import (
    BranchSpec,
    BridgeSpec,
    CardSpec,
    PatchSpec,
    SplitSpec,
    TapSpec,
    TunnelSpec,
    VethSpec,
)

_TUNSETIFF, _TUNSETPERSIST = 0x400454CA, 0x400454CB
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000


class HostLinks:
    """One pass over the links of the host; ``by_name`` is updated with each change of the pass."""

    def __init__(
        self, instance: str, native: bool, known: Mapping[str, Link] | None = None
    ) -> None:
        self.instance, self.native = instance, native
        self.group = names.group_number(instance)
        self.known = known
        self.by_name: dict[str, Link] = {}
        self.touched: dict[str, int] = {}  # links that the pass changed, with their indexes

    def __enter__(self) -> HostLinks:
        """Read the links of the host; when ``known`` has all of ours, read only single links."""
        self.by_name = netlink.links() if self.known is None else dict(self.known)
        return self

    def __exit__(self, *_: object) -> None:
        if "ip" in self.__dict__:
            self.ip.close()

    @cached_property
    def ip(self) -> Any:
        return IPRoute()

    @cached_property
    def addresses(self) -> list[Address]:
        """The addresses of all links, read when the pass first checks the addresses of a bridge."""
        return netlink.addresses()

    def is_ours(self, link: Link) -> bool:
        return link.alias.startswith(f"{self.instance}:") or link.group == self.group

    def ours(self) -> list[Link]:
        return [link for link in self.by_name.values() if self.is_ours(link)]

    def delete(self, link: Link) -> None:
        self._touch(link)
        try:
            self.ip.link("del", index=link.index)
        except NetlinkError as error:
            if error.code not in (errno.ENODEV, errno.EINVAL):
                raise NetworkDriverError(f"cannot delete {link.name}: {error}") from error
        self.by_name.pop(link.name, None)

    def delete_all(self) -> None:
        """Delete all of our links: the group in one request, so that we wait for the kernel once.

        Raises ``NetworkDriverError`` that names a link which cannot be deleted.
        """
        if any(link.group == self.group for link in self.by_name.values()):
            with _Explained(f"links of {self.instance}"):
                netlink.delete_group(self.group)
            self.by_name = netlink.links()
        for link in self.ours():
            self.delete(link)

    def ensure_bridge(self, spec: BridgeSpec) -> None:
        link = self._existing(spec.name, "bridge")
        if link is None:
            with _Explained(f"bridge {spec.name}"):
                self.ip.link(
                    "add", ifname=spec.name, kind="bridge", address=spec.mac, group=self.group,
                    br_forward_delay=0, br_stp_state=0, br_mcast_snooping=0,
                )  # fmt: skip
            link = self._learn(spec.name)
        wanted: dict[str, Any] = {"mtu": spec.mtu, "address": spec.mac}
        if link.hands_to_ip == self.native:
            flag = 0 if self.native else 1
            self._touch(link)
            with _Explained(f"bridge {spec.name}"):
                self.ip.link(
                    "set", index=link.index, kind="bridge",
                    br_nf_call_iptables=flag, br_nf_call_ip6tables=flag,
                )  # fmt: skip
        if link.is_altered:
            off = {"br_stp_state": 0, "br_mcast_snooping": 0}
            with _Explained(f"bridge {spec.name}"):
                self.ip.link("set", index=link.index, kind="bridge", **off)
        for key, value in settings6.of_bridge(spec.name) if spec.addresses else ():
            if sysctl.read(key) is not None:
                sysctl.write(key, value)
        self._settle(link, f"bridge:{spec.owner}", wanted, keep_ipv6=bool(spec.addresses))
        self._settle_addresses(link, spec.addresses)

    def ensure_tap(self, spec: TapSpec) -> None:
        link = self._existing(spec.name, None)
        if link is None:
            with _Explained(f"tap {spec.name}"):
                self._make_tap(spec.name, f"{self.instance}:port:{spec.port_id}")
            link = self._learn(spec.name)
        wanted = {"mtu": spec.mtu, "master": self._index(spec.bridge)}
        self._settle(link, f"port:{spec.port_id}", wanted)

    def ensure_veth(self, spec: VethSpec, namespace: str) -> None:
        """Make the pair if it is missing; its host end is up and on its bridge."""
        link = self._existing(spec.host_name, "veth")
        if link is None:
            handle = os.open(namespaces.DIRECTORY / namespace, os.O_RDONLY | os.O_CLOEXEC)
            try:
                with _Explained(f"veth {spec.host_name}"):
                    self.ip.link(
                        "add", ifname=spec.host_name, kind="veth", group=self.group,
                        peer={
                            "ifname": spec.inner_name, "address": spec.mac, "mtu": spec.mtu,
                            "net_ns_fd": handle,
                        },
                    )  # fmt: skip
            finally:
                os.close(handle)
            link = self._learn(spec.host_name)
        wanted = {"mtu": spec.mtu, "master": self._index(spec.bridge)}
        self._settle(link, f"veth:{spec.port_id}", wanted)

    def ensure_tunnel(self, spec: TunnelSpec) -> None:
        """Make the device if it is missing, put it on its bridge and set its remote hosts."""
        label = f"tunnel:{spec.network_id}:{spec.number}:{spec.local}"
        label += ":learning" if spec.moving else ""
        link = self._existing(spec.name, "vxlan")
        if link is not None and link.alias != f"{self.instance}:{label}":
            self.delete(link)  # for other values, or half made
            link = None
        if link is None:
            with _Explained(f"tunnel {spec.name}"):
                self.ip.link(
                    "add", ifname=spec.name, kind="vxlan", group=self.group,
                    vxlan_id=spec.number, vxlan_local=spec.local, vxlan_port=tunnels.PORT,
                    vxlan_learning=int(bool(spec.moving)),
                )  # fmt: skip
            link = self._learn(spec.name)
        with _Explained(f"peers of tunnel {spec.name}"):
            tunnels.settle(link.index, spec.peers)
        self._settle(link, label, {"mtu": spec.mtu, "master": self._index(spec.bridge)})

    def ensure_branch(self, spec: BranchSpec) -> None:
        """Make the pair if it is missing; frames that enter its free end get their tag."""
        shared = self._carrier(spec.shared)
        if spec.physical and shared.mtu < spec.mtu:
            raise NetworkDriverError(
                f"{shared.name} carries frames of {shared.mtu} bytes, its network needs {spec.mtu}"
            )
        link, end = self._pair(spec.name, spec.end)
        # before the end is up: a frame without a tag must not leave, nor reach the host
        if vlan_tags.tag(end.index, spec.tag, shared.index, self.instance):
            self._touch(end)
        self._settle(end, f"branch:{spec.owner}", {"mtu": spec.mtu})
        master = self._index(spec.bridge)
        self._settle(link, f"branch:{spec.owner}", {"mtu": spec.mtu, "master": master})

    def _pair(self, name: str, free: str) -> tuple[Link, Link]:
        """Both ends of a pair of devices, made if one of them is missing."""
        link, end = self._existing(name, "veth"), self._existing(free, "veth")
        if link is None or end is None:
            for half in (link, end):
                if half is not None:
                    self.delete(half)  # with its other end
            self.by_name.pop(free, None)
            with _Explained(f"branch {name}"):
                self.ip.link(
                    "add", ifname=name, kind="veth", group=self.group,
                    peer={"ifname": free, "group": self.group},
                )  # fmt: skip
            link, end = self._learn(name), self._learn(free)
        return link, end

    def ensure_patch(self, spec: PatchSpec) -> None:
        """Make the pair if it is missing, with an end on each of the two bridges."""
        link, end = self._pair(spec.name, spec.end)
        shared = self._carrier(spec.shared)
        label, wanted = f"branch:{spec.network_id}", {"mtu": spec.shared_mtu, "address": spec.mac}
        if end.master != shared.index:
            self._touch(shared)
        # before it is up: the host must not get frames from it
        self._settle(end, label, {**wanted, "master": shared.index})
        self._settle(link, label, {"mtu": spec.mtu, "master": self._index(spec.bridge)})

    def ensure_card(self, spec: CardSpec) -> None:
        """Make the card a port of the network's bridge."""
        self._put_on(spec.card, self._index(spec.bridge))

    def release_card(self, name: str, bridge: str) -> None:
        """Take the card off the bridge, if it is there."""
        link = netlink.link(name)
        if link is not None and link.master and netlink.name_of(link.master) == bridge:
            self._put_on(name, 0)

    def _put_on(self, name: str, master: int) -> None:
        link = netlink.link(name)
        if link is None:
            raise NetworkDriverError(f"there is no device {name}")
        if link.master == master:
            return
        for bridge in self.by_name.values():
            if bridge.index in (link.master, master):
                self._touch(bridge)
        self._touch(link)
        with _Explained(f"card {name}"):
            self.ip.link("set", index=link.index, master=master)

    def ensure_split(self, spec: SplitSpec) -> None:
        """Lead the frames with tags to their branches, those that exist."""
        shared = self._carrier(spec.shared)
        ends = {
            branch.tag: self.by_name[branch.end].index
            for branch in spec.branches
            if branch.end in self.by_name
        }
        if vlan_tags.split(shared.index, ends, self.instance, alone=not spec.physical):
            self._touch(shared)

    def remove_splits(self, wanted: Collection[str], former: Collection[str] | None = None) -> None:
        """Take our programs off devices that do not carry tags any more.

        ``wanted``: names of all devices with a program. ``former``: those that had one, if known.
        """
        with _Explained("programs for VLAN tags"):
            if former is None:
                former = [netlink.name_of(index) for index in vlan_tags.holders(self.instance)]
            for name in set(former) - set(wanted) - {""}:
                link = netlink.link(name)
                if link is not None:
                    vlan_tags.remove(link.index)
                    self._touch(link)

    def set_promiscuous(self, name: str, *, on: bool) -> None:
        """Let a device that is not ours take frames for the addresses of guests."""
        with _Explained(name):
            promiscuity.switch(name, on=on)
            self._touch(self._carrier(name))

    def _carrier(self, name: str) -> Link:
        link = self.by_name.get(name) or netlink.link(name)
        if link is None:
            raise NetworkDriverError(f"there is no device {name}")
        return link

    def _make_tap(self, name: str, alias: str) -> None:
        """Label the tap before it becomes persistent: a crash in between leaves no tap."""
        handle = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        try:
            request = struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI)
            fcntl.ioctl(handle, _TUNSETIFF, request)
            sysctl.disable_ipv6(name)
            index = self._learn(name).index
            self.ip.link("set", index=index, ifalias=alias, group=self.group)
            fcntl.ioctl(handle, _TUNSETPERSIST, 1)
        finally:
            os.close(handle)

    def _existing(self, name: str, kind: str | None) -> Link | None:
        link = self.by_name.get(name)
        if link is None and self.known is not None:
            link = netlink.link(name)
        if link is None:
            return None
        if not self.is_ours(link):
            raise NetworkDriverError(f"a link {name} exists that Stratolith did not make")
        if kind is not None and link.kind != kind:
            self.delete(link)
            return None
        return link

    def _learn(self, name: str) -> Link:
        try:
            index = socket.if_nametoindex(name)
        except OSError:
            raise NetworkDriverError(f"link {name} disappeared while it was made") from None
        link = Link(index, name, "", "", 0, 0, False, "", self.group, False)
        self.by_name[name] = link
        self._touch(link)
        return link

    def _touch(self, link: Link) -> None:
        """Record that the pass changes this link and the bridge that it is or will be on."""
        self.touched[link.name] = link.index
        for bridge in self.by_name.values() if link.master else ():
            if bridge.index == link.master:
                self.touched[bridge.name] = bridge.index

    def _index(self, name: str) -> int:
        link = self.by_name.get(name)
        if link is None or not self.is_ours(link):
            raise NetworkDriverError(f"bridge {name} is missing")
        return link.index

    def _settle(
        self, link: Link, label: str, wanted: dict[str, Any], keep_ipv6: bool = False
    ) -> None:
        """Set the attributes of a link that differ from ``wanted``; send nothing if none do."""
        current = {"mtu": link.mtu, "master": link.master, "address": link.mac}
        alias = f"{self.instance}:{label}"
        change = {key: value for key, value in wanted.items() if current[key] != value}
        if link.alias != alias:
            change["ifalias"] = alias
        if link.is_altered and "master" in wanted:
            with _Explained(link.name):  # a port that comes again has no options
                self.ip.link("set", index=link.index, master=0)
            change["master"] = wanted["master"]
        if not keep_ipv6 and not link.up:
            sysctl.disable_ipv6(link.name)
        if change or not link.up:
            self._touch(link)
        if "master" in change:
            for bridge in [b for b in self.by_name.values() if b.index == change["master"]]:
                self._touch(bridge)
        with _Explained(link.name):
            if change:
                self.ip.link("set", index=link.index, **change)
            if not link.up:
                self.ip.link("set", index=link.index, state="up")

    def _settle_addresses(self, link: Link, wanted: tuple[str, ...]) -> None:
        current = {
            address.text
            for address in self.addresses
            if address.index == link.index and not address.text.startswith("fe80:")
        }
        if current != set(wanted):
            self._touch(link)
        with _Explained(f"address of {link.name}"):
            for text in sorted(current - set(wanted)):
                host, prefix = text.split("/")
                self.ip.addr("del", index=link.index, address=host, prefixlen=int(prefix))
            problems = [self._add_address(link, text) for text in sorted(set(wanted) - current)]
            if wanted and not any(problems):
                connected.settle(self.ip, {link.index: wanted})
        if any(problems):
            raise NetworkDriverError("; ".join(filter(None, problems)))

    def _add_address(self, link: Link, text: str) -> str:
        """Returns why the address is left out, "" when it was added."""
        try:
            host_routes.check_free(text, {link.index, *(ours.index for ours in self.ours())})
        except NetworkDriverError as error:
            return str(error)
        host, prefix = text.split("/")
        flags = {"flags": 0x02} if ":" in host else {}  # no duplicate address detection
        self.ip.addr("add", index=link.index, address=host, prefixlen=int(prefix), **flags)
        return ""


class _Explained(contextlib.AbstractContextManager[None]):
    """Turns a refusal of the kernel into an error that names the object."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NetlinkError | OSError):
            raise NetworkDriverError(f"{self.what}: {error}") from error
