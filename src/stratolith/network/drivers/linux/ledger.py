"""Our objects that cannot carry a label in the kernel: namespaces, changed sysctls, zones."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from stratolith.network.drivers.linux.host_kernel import marks

_FIRST_ZONE, _LAST_ZONE = 20001, 65000  # other programs that use zones start from small numbers
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Entries(msgspec.Struct, kw_only=True):
    boot_id: str = ""
    namespaces: dict[str, int] = {}  # name -> inode; 0: about to be made
    sysctls: dict[str, str] = {}  # path below /proc/sys -> value before our change
    zones: dict[str, int] = {}  # network id -> conntrack zone
    cards: dict[str, str] = {}  # card of the machine -> our bridge that it is a port of
    promiscuous: list[str] = []  # devices of the machine that we made so


class Ledger:
    """Saves entries before the kernel is changed: a crash in between leaves nothing unowned.

    ``path`` is in a directory of the state directory. If the file was lost, the namespaces are
    found by their marks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved = b""
        self.mark = marks.of_cloud(path.parent.parent)
        self.entries = self._read()
        boot_id = _BOOT_ID.read_text().strip()
        if self.entries.boot_id != boot_id:  # namespaces and sysctls end with the boot
            self.entries = Entries(boot_id=boot_id, zones=self.entries.zones)
            self.entries.namespaces = marks.inodes(self.mark)

    def _read(self) -> Entries:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Entries)
        except (OSError, msgspec.DecodeError):
            return Entries()

    def save(self) -> None:
        """Write the entries when they changed, or the file is lost. Raises ``OSError``."""
        data = msgspec.json.encode(self.entries)
        if data == self._saved and self._path.exists():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new_path = self._path.with_suffix(".new")
        with open(os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        os.replace(new_path, self._path)
        self._saved = data

    def zones_for(self, network_ids: list[str]) -> dict[str, int]:
        """A zone for each network; a network keeps its zone while it is in each call."""
        kept = {key: zone for key, zone in self.entries.zones.items() if key in set(network_ids)}
        taken, candidate = set(kept.values()), _FIRST_ZONE
        for network_id in network_ids:
            if network_id in kept:
                continue
            while candidate in taken:
                candidate += 1
            if candidate > _LAST_ZONE:
                break  # no zone left: the network shares the default one
            kept[network_id] = candidate
            taken.add(candidate)
        self.entries.zones = kept
        return kept

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
        self._saved = b""
        self.entries = Entries(boot_id=self.entries.boot_id)
