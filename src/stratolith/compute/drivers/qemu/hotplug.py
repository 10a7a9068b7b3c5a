"""NICs that come and go while a guest runs."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Mapping

from stratolith.compute.drivers.base import DriverError, NotPossible, VifSpec
from stratolith.compute.drivers.qemu import command
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.guest import Guest
from stratolith.compute.drivers.qemu.machines import Board
from stratolith.compute.drivers.qemu.monitor import Monitor, MonitorError
from stratolith.kernel.revert import Revert


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
