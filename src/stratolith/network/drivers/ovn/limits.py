"""The largest number of tracked connections of a port, both ways together.

OVN tracks each port's connections in a zone of its own, of which the switch limits the size.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.network.drivers.ovn import daemons
from stratolith.network.drivers.ovn.switch import Switch


class Limits:
    """What the switch was told; a switch that starts anew knows no limits."""

    def __init__(self) -> None:
        self._told: dict[int, int] = {}  # zone -> limit
        self._pid: int | None = None

    def settle(self, switch: Switch, ports: Iterable[str], limit: int) -> None:
        """Limit the zones of these ports and no others; raises ``NetworkDriverError``."""
        pid, zones = switch.switch.pid(), switch.zones()
        if pid != self._pid:
            self._told, self._pid = {}, pid
        wanted = {zones[port]: limit for port in ports if port in zones}
        former = sorted(self._told.keys() - wanted.keys())
        if former:
            self._tell(switch, "del", f"zone={','.join(map(str, former))}")
        changed = {zone: n for zone, n in wanted.items() if self._told.get(zone) != n}
        if changed:
            self._tell(switch, "set", *(f"zone={zone},limit={n}" for zone, n in changed.items()))
        self._told = wanted

    def _tell(self, switch: Switch, verb: str, *arguments: str) -> None:
        command = (f"dpctl/ct-{verb}-limits", *arguments)
        daemons.run_tool("ovs-appctl", switch.directory, "-t", str(switch.control()), *command)
