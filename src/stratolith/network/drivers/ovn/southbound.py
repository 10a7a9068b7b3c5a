"""The southbound database as the server changes it: its door for other hosts, and their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from stratolith.network.drivers.ovn import ovsdb
from stratolith.network.drivers.ovn.ovsdb import Database, Named, Uuid, one, wire

_TABLES = {
    "SB_Global": ("connections",),
    "Connection": ("target", "role", "status"),
    "Chassis": ("name",),
    "Chassis_Private": ("name",),
}
ROLE = "ovn-controller"  # may change the rows of its own chassis, and bind ports
PROBE = 5000  # milliseconds after which a silent host's connection ends


def target(address: str, port: int) -> str:
    """The door in OVN's words."""
    return f"pssl:{port}:[{address}]" if ":" in address else f"pssl:{port}:{address}"


class Southbound:
    """The southbound database at a socket. One thread at a time may use it."""

    def __init__(self, path: Path) -> None:
        self.db = Database(path, "OVN_Southbound", _TABLES)

    def connect(self) -> None:
        """Connect unless connected, and take in what changed; raises ``OvsdbError``."""
        self.db.connect()
        self.db.poll()

    def close(self) -> None:
        self.db.close()

    def open_doors(self, targets: Collection[str], *, again: bool = False) -> bool:
        """Listen there and nowhere else; whether that was changed.

        ``again``: end all connections of hosts, so that each has to show its certificate.
        """
        roots = list(self.db.tables["SB_Global"])
        if not roots:
            return False  # the translator makes the row when it starts
        current = {
            uuid: str(one(row["target"]))
            for uuid, row in self.db.rows("Connection")
            if one(row["role"]) == ROLE
        }
        known = set(self.db.tables["SB_Global"][roots[0]]["connections"])
        if not again and sorted(current.values()) == sorted(targets) and known == set(current):
            return False
        self._set(roots[0], [])
        self._set(roots[0], targets)
        return True

    def is_open(self, seconds: float = 2.0) -> bool:
        """Whether the doors are open, or become so in time."""
        rows = self.db.tables["Connection"]
        return self.db.wait_for(
            lambda: all("bound_port" in row["status"] for row in rows.values()), seconds
        )

    def _set(self, root: str, targets: Iterable[str]) -> None:
        operations: list[dict[str, Any]] = []
        rows: list[Named] = []
        for number, text in enumerate(targets):
            name = f"c{number}"
            row = {"target": text, "role": ROLE, "inactivity_probe": PROBE}
            operations.append(
                {"op": "insert", "table": "Connection", "uuid-name": name, "row": row}
            )
            rows.append(Named(name))
        where, row = ovsdb.of_row(root), {"connections": wire(rows)}
        operations.append({"op": "update", "table": "SB_Global", "where": where, "row": row})
        self.db.transact(operations)

    def keep_hosts(self, names: Collection[str]) -> list[str]:
        """Delete the rows of all hosts but these; returns the names of those deleted."""
        deleted = []
        for table in ("Chassis", "Chassis_Private"):
            unwanted = {
                uuid: str(one(row["name"]))
                for uuid, row in self.db.rows(table)
                if one(row["name"]) not in names
            }
            deleted += [name for name in unwanted.values() if name not in deleted]
            operations = [
                {"op": "delete", "table": table, "where": [["_uuid", "==", wire(Uuid(uuid))]]}
                for uuid in unwanted
            ]
            if operations:
                self.db.transact(operations)
        return deleted
