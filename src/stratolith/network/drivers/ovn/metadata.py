"""The namespaces in which the metadata proxy listens: one for each network on the host.

Their device is a port of the network that exists on every host ("localport"). They have the names
of the driver linux, so that the proxy finds them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers.base import HostNetworkView, NetworkDriverError
from stratolith.network.drivers.linux import dhcp, inside, names
from stratolith.network.drivers.linux.host_kernel import marks, namespaces, netlink, sysctl
from stratolith.network.drivers.linux.ledger import Ledger
from stratolith.network.drivers.linux.objects import NamespaceSpec, VethSpec


class MetadataSpaces:
    """``directory``: where the namespaces are recorded as ours."""

    def __init__(self, directory: Path, instance: str) -> None:
        self._ledger_path = directory / "ledger.json"
        self.instance = instance
        self.group = names.group_number(instance)

    def settle(self, view: HostNetworkView) -> tuple[dict[str, str], dict[str, str]]:
        """Make and remove namespaces; returns device of the host -> logical port, and network ->
        reason for failures.
        """
        errors: dict[str, str] = {}
        wanted: dict[str, NamespaceSpec] = {}
        for network in view.networks:
            try:
                spec = dhcp.compile_namespace(network) if network.ports else None
            except ValueError as error:
                errors[network.id] = str(error)
                continue
            if spec is not None:
                wanted[spec.name] = spec
        self._remove(wanted)
        devices: dict[str, str] = {}
        for spec in wanted.values():
            try:
                self._ensure(spec)
            except (OSError, NetlinkError, NetworkDriverError) as error:
                errors[spec.owner] = f"namespace {spec.name}: {error}"
                continue
            devices |= {device.host_name: device.port_id for device in spec.devices}
        return devices, errors

    def _ensure(self, spec: NamespaceSpec) -> None:
        ledger = Ledger(self._ledger_path)
        number = ledger.entries.namespaces.get(spec.name)
        if number is None or namespaces.inode(spec.name) != number:
            ledger.entries.namespaces[spec.name] = 0  # if we die now, the name is still ours
            ledger.save()
            ledger.entries.namespaces[spec.name] = namespaces.create(
                spec.name, partial(marks.put, ledger.mark)
            )
            ledger.save()
        for device in spec.devices:
            self._ensure_pair(device, spec.name)
        report = namespaces.run_in(
            spec.name, partial(inside.settle, spec, self.instance, False, set())
        )
        if report.missing or report.errors:
            raise NetworkDriverError("; ".join([*report.errors, *report.missing]))

    def _ensure_pair(self, device: VethSpec, space: str) -> None:
        link = netlink.link(device.host_name)
        if link is not None:
            return
        handle = os.open(namespaces.DIRECTORY / space, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with IPRoute() as ip:
                ip.link(
                    "add", ifname=device.host_name, kind="veth", group=self.group,
                    peer={
                        "ifname": device.inner_name, "address": device.mac, "mtu": device.mtu,
                        "net_ns_fd": handle,
                    },
                )  # fmt: skip
                sysctl.disable_ipv6(device.host_name)
                inside.fill_in_checksums(device.host_name)
                (index,) = ip.link_lookup(ifname=device.host_name)
                ip.link("set", index=index, mtu=device.mtu, state="up")
        finally:
            os.close(handle)

    def _remove(self, kept: Iterable[str]) -> None:
        ledger = Ledger(self._ledger_path)
        unwanted = set(ledger.entries.namespaces) - set(kept)
        for name in sorted(unwanted):
            number = ledger.entries.namespaces[name]
            if number == 0 or namespaces.inode(name) in (None, number):
                namespaces.remove(name)
            del ledger.entries.namespaces[name]
        if unwanted:
            ledger.save()

    def remove(self) -> None:
        self._remove(())
