"""To which hosts the tunnels of this machine's switch are interrupted, as BFD sees it."""

from __future__ import annotations

from pathlib import Path

from stratolith.network.drivers.ovn.ovsdb import Database, one

_TABLES = {
    "Port": ("interfaces", "external_ids"),
    "Interface": ("bfd_status",),
}
_CHASSIS = "ovn-chassis-id"  # OVN's mark of a tunnel's port: "HOST@ADDRESS"


class TunnelStates:
    """``path``: the socket of the switch's database. One thread at a time may use it."""

    def __init__(self, path: Path) -> None:
        self.db = Database(path, "Open_vSwitch", _TABLES)

    def interrupted(self) -> set[str]:
        """The hosts; raises ``OvsdbError`` when the switch does not run."""
        self.db.connect(0.0)
        self.db.poll()
        interfaces = self.db.tables["Interface"]
        hosts = set()
        for _, port in self.db.rows("Port"):
            host = port["external_ids"].get(_CHASSIS, "").rpartition("@")[0]
            state = interfaces.get(one(port["interfaces"], ""), {}).get("bfd_status", {})
            if host and state.get("state") == "down":
                hosts.add(host)
        return hosts

    def close(self) -> None:
        self.db.close()
