"""NICs that come and go while a guest runs."""

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
    """A PCI slot for each port id, the one it had where it had one; raises DriverError."""
    wanted = list(wanted)
    found = {port: slot for port, slot in known.items() if port in wanted}
    for port in wanted:
        if port not in found:
            found[port] = command.free_slot(found.values())
    return found


def require_tap(vif: VifSpec) -> None:
    """QEMU would make a missing tap itself, one that leads nowhere; raises DriverError."""
    try:
        socket.if_nametoindex(vif.tap)
    except OSError:
        raise DriverError(f"the tap device {vif.tap} does not exist") from None


def held_taps(guest: Guest, vifs: Iterable[VifSpec]) -> dict[str, tuple[str, int]]:
    """Port id -> tap and descriptor of it in QEMU, of those that QEMU holds now."""
    pid = process.find(guest.pid_file, guest.id)
    held: dict[str, int] = {}
    if pid is not None:
        with contextlib.suppress(DriverError):  # it ended
            held = {name: number for number, name in taps.opened(pid).items()}
    return {vif.port_id: (vif.tap, held[vif.tap]) for vif in vifs if vif.tap in held}


def connect(guest: Guest, vif: VifSpec) -> bool:
    """A NIC that a running guest has is connected to its tap, again if need be.

    False when only a new NIC helps. Raises DriverError when there is no tap.
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
        if held.get(descriptor) != "":  # another file by now, or never written down
            return False
        try:
            taps.join_again(pid, descriptor, vif.tap, _header_bytes(monitor, vif.port_id))
        except DriverError as error:
            LOG.warning("guest %s: %s; its NIC is made anew", guest.id, error)
            return False
    return True


def _header_bytes(monitor: Monitor, port_id: str) -> int:
    """The length of the virtio header that the guest's driver and QEMU agreed on."""
    path = f"/machine/peripheral/vif-{port_id}/virtio-backend"
    try:
        status = monitor.execute("x-query-virtio-status", {"path": path})
    except MonitorError:  # an older QEMU
        return _MODERN_HEADER
    agreed = json.dumps(status.get("guest-features", {}))
    modern = "VIRTIO_F_VERSION_1" in agreed or "VIRTIO_NET_F_MRG_RXBUF" in agreed
    return _MODERN_HEADER if modern else _LEGACY_HEADER


def plug(guest: Guest, vif: VifSpec, slot: int, board: Board, acceleration: Acceleration) -> None:
    """Give a running guest a NIC; one that is there already is success."""
    with Monitor(guest.directory) as monitor, Revert() as revert:
        if f"vif-{vif.port_id}" in _devices(monitor):
            return
        require_tap(vif)
        _drop_netdev(monitor, vif.port_id)  # left by a driver that died half way
        monitor.execute("netdev_add", command.netdev(vif, acceleration))
        revert.add("remove the NIC's host end", _drop_netdev, monitor, vif.port_id)
        monitor.execute("device_add", command.nic(vif, slot, board))


def unplug(guest: Guest, port_id: str, seconds: float) -> None:
    """Ask a running guest to let go of a NIC and wait; raises DriverError if it does not."""
    device = f"vif-{port_id}"
    with Monitor(guest.directory) as monitor:
        if device in _devices(monitor):
            try:
                monitor.execute("device_del", {"id": device})
            except MonitorError as error:
                if "unplug" not in str(error):  # asked before, the guest has not answered yet
                    raise
            gone = monitor.await_event(
                "DEVICE_DELETED", lambda data: data.get("device") == device, seconds
            )
            if not gone and device in _devices(monitor):
                raise NotPossible(f"the guest did not let go of it within {seconds:.0f} s")
        _drop_netdev(monitor, port_id)


def _devices(monitor: Monitor) -> set[str]:
    return {item["name"] for item in monitor.execute("qom-list", {"path": "/machine/peripheral"})}


def _drop_netdev(monitor: Monitor, port_id: str) -> None:
    with contextlib.suppress(MonitorError):  # there is none
        monitor.execute("netdev_del", {"id": f"net-{port_id}"})
