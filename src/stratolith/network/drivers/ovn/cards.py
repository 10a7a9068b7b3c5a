"""Cards that the switch takes all frames of, and that are given back as they were.

The switch makes them promiscuous and remembers what they were before. One that follows a switch
that was killed finds them as its predecessor left them, so a file remembers it, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from stratolith.kernel import files
from stratolith.network.drivers.linux.host_kernel import promiscuity, sysctl


class Noted(msgspec.Struct):
    """``changed``: the cards that were not promiscuous, since this boot."""

    boot_id: str = ""
    changed: list[str] = []


class Cards:
    """``directory``: of the switch."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "cards.json"

    def note(self, device: str) -> None:
        """Remember how the device is, before the switch gets it. Raises ``OSError``."""
        noted = self._read()
        if device not in noted.changed and not _is_promiscuous(device):
            self._write(Noted(noted.boot_id, [*noted.changed, device]))

    def release(self, kept: Collection[str] = ()) -> None:
        """Give back all but the kept ones, which the switch still has."""
        noted = self._read()
        left = [device for device in noted.changed if device in kept]
        if left == noted.changed:
            return
        for device in set(noted.changed) - set(left):
            with contextlib.suppress(OSError):  # it is gone
                promiscuity.switch(device, on=False)
        self._write(Noted(noted.boot_id, left))

    def _read(self) -> Noted:
        boot_id = sysctl.read("kernel/random/boot_id") or ""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            noted = msgspec.json.decode(self._path.read_bytes(), type=Noted)
            if noted.boot_id == boot_id:
                return noted
        return Noted(boot_id)

    def _write(self, noted: Noted) -> None:
        files.write(self._path, msgspec.json.encode(noted).decode())


def _is_promiscuous(device: str) -> bool:
    try:
        return promiscuity.is_on(device)
    except OSError:
        return True  # there is none to be given back
