"""Attach and detach NICs of a running guest."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from collections.abc import Iterable, Mapping

from stratolith.compute.drivers.base import DriverError, NotPossible, VifSpec
from stratolith.compute.drivers.qemu import command, process, taps
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.guest import Guest
from stratolith.compute.drivers.qemu.machines import Board
from stratolith.compute.drivers.qemu.monitor import Monitor, MonitorError
from stratolith.kernel.revert import Revert

LOG = logging.getLogger(__name__)
_MODERN_HEADER, _LEGACY_HEADER = 12, 10


def slots(wanted: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    """A PCI slot for each port id; a known port keeps its slot. Raises DriverError."""
    wanted = list(wanted)
    slot_by_port = {port: slot for port, slot in known.items() if port in wanted}
    for port in wanted:
        if port not in slot_by_port:
            slot_by_port[port] = command.free_slot(slot_by_port.values())
    return slot_by_port


def require_tap(vif: VifSpec) -> None:
    """Raise DriverError if the tap is missing: QEMU would create one without a connection."""
    try:
        socket.if_nametoindex(vif.tap)
    except OSError:
        raise DriverError(f"the tap device {vif.tap} does not exist") from None


def held_taps(guest: Guest, vifs: Iterable[VifSpec]) -> dict[str, tuple[str, int]]:
    """Port id -> (tap, QEMU's file descriptor for it), for taps that QEMU has open now."""
    pid = process.find(guest.pid_file, guest.id)
    held: dict[str, int] = {}
    if pid is not None:
        with contextlib.suppress(DriverError):  # the process ended
            held = {name: number for number, name in taps.opened(pid).items()}
    return {vif.port_id: (vif.tap, held[vif.tap]) for vif in vifs if vif.tap in held}


def connect(guest: Guest, vif: VifSpec) -> bool:
    """Connect a NIC of a running guest to its tap again if the tap was replaced.

    False if the NIC must be replaced by a new one. Raises DriverError if there is no tap.
    """
    pid = process.find(guest.pid_file, guest.id)
    if pid is None:
        return True
    with Monitor(guest.directory) as monitor:
        if f"vif-{vif.port_id}" not in _devices(monitor):
            return False
        require_tap(vif)
        held = taps.opened(pid)
        if vif.tap in held.values():
            return True
        _, descriptor = guest.nics().taps.get(vif.port_id, (vif.tap, -1))
        if held.get(descriptor) != "":  # the descriptor is another file now, or is unknown
            return False
        try:
            taps.join_again(pid, descriptor, vif.tap, _header_bytes(monitor, vif.port_id))
        except DriverError as error:
            LOG.warning("guest %s: %s; its NIC is replaced", guest.id, error)
            return False
    return True


def _header_bytes(monitor: Monitor, port_id: str) -> int:
    """The length of the virtio header that the guest's driver and QEMU negotiated."""
    path = f"/machine/peripheral/vif-{port_id}/virtio-backend"
    try:
        status = monitor.execute("x-query-virtio-status", {"path": path})
    except MonitorError:  # an older QEMU
        return _MODERN_HEADER
    features = json.dumps(status.get("guest-features", {}))
    modern = "VIRTIO_F_VERSION_1" in features or "VIRTIO_NET_F_MRG_RXBUF" in features
    return _MODERN_HEADER if modern else _LEGACY_HEADER


def plug(guest: Guest, vif: VifSpec, slot: int, board: Board, acceleration: Acceleration) -> None:
    """Add a NIC to a running guest; an existing NIC is success."""
    with Monitor(guest.directory) as monitor, Revert() as revert:
        if f"vif-{vif.port_id}" in _devices(monitor):
            return
        require_tap(vif)
        _drop_netdev(monitor, vif.port_id)  # may be left by a driver that died
        monitor.execute("netdev_add", command.netdev(vif, acceleration))
        revert.add("remove the NIC's host end", _drop_netdev, monitor, vif.port_id)
        monitor.execute("device_add", command.nic(vif, slot, board))


def unplug(guest: Guest, port_id: str, seconds: float) -> None:
    """Ask a running guest to release a NIC and wait; raises DriverError if it does not."""
    device = f"vif-{port_id}"
    with Monitor(guest.directory) as monitor:
        if device in _devices(monitor):
            try:
                monitor.execute("device_del", {"id": device})
            except MonitorError as error:
                if "unplug" not in str(error):  # an earlier request is still pending
                    raise
            is_deleted = monitor.await_event(
                "DEVICE_DELETED", lambda data: data.get("device") == device, seconds
            )
            if not is_deleted and device in _devices(monitor):
                raise NotPossible(f"the guest did not release it within {seconds:.0f} s")
        _drop_netdev(monitor, port_id)


def _devices(monitor: Monitor) -> set[str]:
    return {item["name"] for item in monitor.execute("qom-list", {"path": "/machine/peripheral"})}


def _drop_netdev(monitor: Monitor, port_id: str) -> None:
    with contextlib.suppress(MonitorError):  # it does not exist
        monitor.execute("netdev_del", {"id": f"net-{port_id}"})
