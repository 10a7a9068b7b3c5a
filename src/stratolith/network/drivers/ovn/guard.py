"""Drops router advertisements of guests, which OVN lets pass all of its lists.

These are flows of our own on OVN's bridge, ahead of its first table. The controller keeps flows
that it does not know, but removes all when it connects: so the agent looks for ours every few
seconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.ovn.daemons import run_tool
from stratolith.network.drivers.ovn.switch import BRIDGE, Switch

LOOK_SECONDS = 5.0
_COOKIE = "0x53744c"
_PRIORITY = 1000  # above all of OVN's in that table
_FLOW = re.compile(r"in_port=(\d+)(?:,dl_vlan=(\d+))?")

Place = tuple[int, int]  # number of the device on the switch, VLAN tag or 0


class Guard:
    """``directory``: of the switch."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._places: frozenset[tuple[str, int]] = frozenset()  # device and tag
        self._looked = 0.0

    def settle(self, switch: Switch, ports: Iterable[PortView]) -> None:
        """Guard these ports and no others; raises ``NetworkDriverError``."""
        listed = list(ports)
        taps = {port.id: port.tap for port in listed if not port.parent}
        places = ((taps.get(p.parent or p.id), p.tag) for p in listed if p.port_security)
        self._places = frozenset((tap, tag) for tap, tag in places if tap is not None)
        self._look(switch)

    def look(self, switch: Switch) -> None:
        """Put back what was removed, if the last look was some time ago."""
        if self._places and time.monotonic() >= self._looked + LOOK_SECONDS:
            self._look(switch)

    def _look(self, switch: Switch) -> None:
        self._looked = time.monotonic()
        numbers = switch.numbers()
        wanted = {(numbers[device], tag) for device, tag in self._places if device in numbers}
        current = self._current()
        if missing := wanted - current:
            text = "".join(
                f"cookie={_COOKIE},priority={_PRIORITY},{_match(place)},icmp6,icmp_type=134,"
                "actions=drop\n"
                for place in sorted(missing)
            )
            self._run("add-flows", self._control(), "-", text=text)
        for place in current - wanted:
            self._run("del-flows", self._control(), f"cookie={_COOKIE}/-1,{_match(place)}")

    def _current(self) -> set[Place]:
        lines = self._run("dump-flows", self._control(), f"cookie={_COOKIE}/-1").splitlines()
        matches = (_FLOW.search(line) for line in lines)
        return {(int(m[1]), int(m[2] or 0)) for m in matches if m is not None}

    def _control(self) -> str:
        return f"unix:{self._directory / BRIDGE}.mgmt"

    def _run(self, *arguments: str, text: str = "") -> str:
        return run_tool("ovs-ofctl", self._directory, *arguments, text=text)


def _match(place: Place) -> str:
    number, tag = place
    return f"in_port={number}," + (f"dl_vlan={tag}" if tag else "vlan_tci=0x0000/0x1000")
