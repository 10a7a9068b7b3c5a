"""The Open vSwitch of this host: its own database server, switch and OVN controller."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.ovn import ovsdb
from stratolith.network.drivers.ovn.cards import Cards
from stratolith.network.drivers.ovn.daemons import Daemon, create_database, run_tool
from stratolith.network.drivers.ovn.ovsdb import Database, Named, Uuid, one, wire

BRIDGE = "br-stl-int"  # not "br-int": another Open vSwitch of the host may have that
UNDERLAY = "br-stl-tun"  # see underlay.py
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
_MODULE = Path("/sys/module/openvswitch")
_APPLY_SECONDS = 10.0
_DEVICE_SECONDS = 2.0  # in which a switch that just started makes the devices of its bridges
_OF_OVN = "ovn-localnet-port"  # the controller's mark of ports that connect bridges
_NORMAL = "priority=0 actions=NORMAL"
_TABLES = {
    "Open_vSwitch": ("bridges", "external_ids", "other_config", "next_cfg", "cur_cfg"),
    "Bridge": ("name", "ports", "datapath_type", "external_ids", "other_config"),
    "Port": ("name", "interfaces", "external_ids"),
    "Interface": ("name", "type", "external_ids", "error", "ofport"),
}


def directory_of(state_dir: Path) -> Path:
    return state_dir / "network" / "ovs"


def database_socket(state_dir: Path) -> Path:
    """Of the switch's own database."""
    return directory_of(state_dir) / "db.sock"


def has_kernel_datapath() -> bool:
    return _MODULE.exists()


def foreign_switch(own: int | None) -> int | None:
    """Another process of Open vSwitch that may use this kernel's datapath."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "comm").read_text() == "ovs-vswitchd\n":
                here = os.stat("/proc/thread-self/ns/net").st_ino
                if int(entry.name) != own and (entry / "ns/net").stat().st_ino == here:
                    return int(entry.name)
    return None


class Switch:
    """One thread at a time may use it."""

    def __init__(self, directory: Path, *, datapath: str, connection: Sequence[str] = ()) -> None:
        """``connection``: options of the controller for the southbound database."""
        self.directory = directory
        self.cards = Cards(directory)
        self.datapath = datapath  # "system": of the kernel; "netdev": in the switch's process
        address = directory / "db.sock"
        self.db = Database(address, "Open_vSwitch", _TABLES)
        self.database = Daemon(
            name="ovsdb",
            directory=directory,
            program="ovsdb-server",
            arguments=(str(directory / "conf.db"), f"--remote=punix:{address}"),
        )
        # without --disable-system it would remove the kernel ports of another switch
        system = ["--disable-system"] if datapath == "netdev" else []
        self.switch = Daemon(
            name="vswitchd",
            directory=directory,
            program="ovs-vswitchd",
            arguments=(f"unix:{address}", *system),
        )
        self.controller = Daemon(
            name="controller",
            directory=directory,
            program="ovn-controller",
            arguments=(f"unix:{address}", *connection),
        )

    @property
    def daemons(self) -> Sequence[Daemon]:
        return (self.database, self.switch, self.controller)

    def start(self, external_ids: Mapping[str, str]) -> list[str]:
        """Start what does not run, with these settings; returns the names of what was started."""
        create_database(self.directory / "conf.db", SCHEMA)
        started = [self.database.name] if self.database.start() else []
        if started:
            self.db.close()
        self.db.connect()
        self.db.poll()
        self.configure(external_ids)
        started += [self.switch.name] if self.switch.start() else []
        self.ensure_bridge(BRIDGE, secure=True)
        started += [self.controller.name] if self.controller.start() else []
        return started

    def stop(self) -> None:
        self.db.close()
        for daemon in reversed(self.daemons):
            daemon.stop()

    def remove(self) -> None:
        """Remove all bridges, end the processes, delete the files."""
        if self.database.pid() is not None and self.switch.pid() is not None:
            self.controller.stop()
            with contextlib.suppress(NetworkDriverError):
                self.db.connect(2.0)
                where = ovsdb.of_row(self._root())
                row = {"bridges": ["set", []]}
                self._change(
                    [{"op": "update", "table": "Open_vSwitch", "where": where, "row": row}]
                )
        self.stop()
        with contextlib.suppress(OSError):
            self.cards.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- the database ----------------------------------------------------------------------------

    def configure(self, external_ids: Mapping[str, str]) -> None:
        """Set these keys; others, as of the controller, stay."""
        if not self.db.tables["Open_vSwitch"]:
            row = {"external_ids": wire(dict(external_ids))}
            self.db.transact([{"op": "insert", "table": "Open_vSwitch", "row": row}])
            self.db.wait_for(lambda: bool(self.db.tables["Open_vSwitch"]), _APPLY_SECONDS)
            return
        root = self._root()
        current = self.db.tables["Open_vSwitch"][root]["external_ids"]
        change = {key: value for key, value in external_ids.items() if current.get(key) != value}
        if change:
            steps = [
                ["external_ids", "delete", ["set", sorted(change)]],
                ["external_ids", "insert", wire(change)],
            ]
            where = ovsdb.of_row(root)
            self.db.transact(
                [{"op": "mutate", "table": "Open_vSwitch", "where": where, "mutations": steps}]
            )

    def control(self) -> Path:
        """The socket for commands to the switch; raises ``NetworkDriverError``."""
        path = self.directory / f"ovs-vswitchd.{self.switch.pid()}.ctl"
        if not path.exists():
            raise NetworkDriverError("the switch of this host does not run")
        return path

    def ensure_bridge(self, name: str, *, secure: bool = False, mac: str = "") -> None:
        """Make the bridge unless it exists, with this MAC address if one is given.

        The switch does not notice that others deleted the bridge's device: it is then made again.
        """
        config = {"disable-in-band": "true", **({"hwaddr": mac} if mac else {})}
        is_known = any(one(row["name"]) == name for _, row in self.db.rows("Bridge"))
        if is_known and not _has_device(name):
            self._remove_bridges([name])
        for uuid, row in self.db.rows("Bridge"):
            if one(row["name"]) == name:
                if row["other_config"] != config:
                    change = {"op": "update", "table": "Bridge", "where": ovsdb.of_row(uuid)}
                    self._change([{**change, "row": {"other_config": wire(config)}}])
                return
        interface = {"name": name, "type": "internal"}
        bridge = {
            "name": name,
            "ports": ["named-uuid", "port"],
            "datapath_type": self.datapath,
            "fail_mode": "secure" if secure else "standalone",
            "other_config": wire(config),
        }
        port = {"name": name, "interfaces": ["named-uuid", "interface"]}
        self._change(
            [
                {"op": "insert", "table": "Interface", "uuid-name": "interface", "row": interface},
                {"op": "insert", "table": "Port", "uuid-name": "port", "row": port},
                {"op": "insert", "table": "Bridge", "uuid-name": "bridge", "row": bridge},
                {
                    "op": "mutate", "table": "Open_vSwitch", "where": ovsdb.of_row(self._root()),
                    "mutations": [["bridges", "insert", wire([Named("bridge")])]],
                },
            ]
        )  # fmt: skip

    def give_port(self, bridge: str, device: str) -> None:
        """Make this device the only one on the bridge beside the bridge's own and OVN's.

        Other bridges lose it. Raises ``ValueError`` for one by which tunnels go, and when nothing
        can be written.
        """
        wanted = {bridge, device}
        ports = {uuid: str(one(row["name"])) for uuid, row in self.db.rows("Port")}
        (uuid,) = (key for key, row in self.db.rows("Bridge") if one(row["name"]) == bridge)
        current = {ports[port]: port for port in self.db.tables["Bridge"][uuid]["ports"]}
        unwanted = [
            Uuid(port)
            for name, port in current.items()
            if name not in wanted and not name.startswith("patch-")
        ]
        steps = [["ports", "delete", wire(unwanted)]]
        operations: list[dict[str, object]] = []
        if device not in current:
            try:
                self.cards.note(device)
            except OSError as error:
                raise ValueError(f"cannot remember how {device} was: {error}") from error
            held = {
                key: [Uuid(port) for port in row["ports"] if ports[port] == device]
                for key, row in self.db.rows("Bridge")
            }
            bridges = self.db.tables["Bridge"]
            if any(own and one(bridges[key]["name"]) == UNDERLAY for key, own in held.items()):
                raise ValueError(
                    f"{device} is on another bridge of the switch: without the kernel module "
                    "openvswitch, tunnels and bridge_mappings need a card each"
                )
            interface = {"name": device, "external_ids": wire({})}
            port = {"name": device, "interfaces": ["named-uuid", "i"]}
            operations = [
                *(_mutation(key, "delete", own) for key, own in held.items() if own),
                {"op": "insert", "table": "Interface", "uuid-name": "i", "row": interface},
                {"op": "insert", "table": "Port", "uuid-name": "p", "row": port},
            ]
            steps.append(["ports", "insert", wire([Named("p")])])
        if operations or unwanted:
            change = {"op": "mutate", "table": "Bridge", "where": ovsdb.of_row(uuid)}
            self._change([*operations, {**change, "mutations": steps}])

    def remove_false_patches(self) -> None:
        """Remove ports that stand where OVN's connections of bridges belong.

        Somebody took such a port from its bridge and gave its name to another. The controller's
        changes would all be refused until the name is free; then it makes the port again.
        """
        false = {
            Uuid(uuid)
            for uuid, row in self.db.rows("Port")
            if str(one(row["name"])).startswith("patch-") and _OF_OVN not in row["external_ids"]
        }
        holders = {uuid: false & row["ports"] for uuid, row in self.db.rows("Bridge")}
        changes = [_mutation(key, "delete", sorted(held)) for key, held in holders.items() if held]
        if changes:
            self._change(changes)

    def flow_normally(self, bridge: str) -> None:
        """Remove what others made of the flows of a bridge without controller."""
        control = f"unix:{self.directory / bridge}.mgmt"
        flows = run_tool("ovs-ofctl", self.directory, "--no-stats", "dump-flows", control)
        if [line.strip() for line in flows.splitlines() if "NXST" not in line] != [_NORMAL]:
            run_tool("ovs-ofctl", self.directory, "replace-flows", control, "-", text=_NORMAL)

    def has_tunnels(self) -> bool:
        """Whether the controller knows other hosts."""
        return any(one(row["type"]) == "geneve" for _, row in self.db.rows("Interface"))

    def remove_bridges(self, kept: Collection[str]) -> None:
        """Remove all bridges but these and that of OVN."""
        current = {str(one(row["name"])) for _, row in self.db.rows("Bridge")}
        self._remove_bridges(current - {BRIDGE, UNDERLAY, *kept})
        with contextlib.suppress(OSError):  # the next pass tries again
            self.cards.release({str(one(row["name"])) for _, row in self.db.rows("Port")})

    def _remove_bridges(self, names: Collection[str]) -> None:
        bridges = self.db.rows("Bridge")
        unwanted = [Uuid(uuid) for uuid, row in bridges if one(row["name"]) in names]
        if unwanted:
            where = ovsdb.of_row(self._root())
            steps = [["bridges", "delete", wire(unwanted)]]
            self._change(
                [{"op": "mutate", "table": "Open_vSwitch", "where": where, "mutations": steps}]
            )

    def ports(self) -> dict[str, str]:
        """The devices of guests on the bridge of OVN -> their logical ports."""
        return {
            str(one(row["name"])): row["external_ids"].get("iface-id", "")
            for _, row in self.db.rows("Interface")
            if row["external_ids"].get("stratolith")
        }

    def zones(self) -> dict[str, int]:
        """Logical port -> the zone in which its connections are tracked."""
        prefix = "ct-zone-"
        return {
            key.removeprefix(prefix): int(zone)
            for _, row in self.db.rows("Bridge")
            for key, zone in row["external_ids"].items()
            if key.startswith(prefix)
        }

    def numbers(self) -> dict[str, int]:
        """Device -> its number on the bridge, for those that have one."""
        return {
            str(one(row["name"])): number
            for _, row in self.db.rows("Interface")
            if (number := one(row["ofport"], -1)) > 0
        }

    def settle_ports(self, wanted: Mapping[str, str]) -> None:
        """Bring the devices of guests (name -> logical port) on the bridge to these.

        Other bridges lose them: the switch has one port of a name.
        """
        names = {uuid: str(one(row["name"])) for uuid, row in self.db.rows("Port")}
        bridges = {str(one(row["name"])): uuid for uuid, row in self.db.rows("Bridge")}
        held = {
            bridge: {names[port]: port for port in self.db.tables["Bridge"][bridge]["ports"]}
            for bridge in bridges.values()
        }
        own = bridges[BRIDGE]
        current = self.ports()
        new = {
            name: port
            for name, port in wanted.items()
            if current.get(name) != port or name not in held[own]
        }
        unwanted = {*new, *(name for name, port in current.items() if wanted.get(name) != port)}
        if not unwanted:
            return
        operations = []
        for bridge, ports in held.items():
            removed = [Uuid(port) for name, port in ports.items() if name in unwanted]
            if removed:
                operations.append(_mutation(bridge, "delete", removed))
        added: list[Named] = []
        for number, (name, logical_port) in enumerate(new.items()):
            ids = {"iface-id": logical_port, "stratolith": "guest"}
            interface = {"name": name, "external_ids": wire(ids)}
            port = {"name": name, "interfaces": ["named-uuid", f"i{number}"]}
            operations += [
                {"op": "insert", "table": "Interface", "uuid-name": f"i{number}", "row": interface},
                {"op": "insert", "table": "Port", "uuid-name": f"p{number}", "row": port},
            ]
            added.append(Named(f"p{number}"))
        self._change([*operations, _mutation(own, "insert", added)])

    def installed(self) -> set[str]:
        """The logical ports of which the switch has all flows."""
        return {
            row["external_ids"]["iface-id"]
            for _, row in self.db.rows("Interface")
            if row["external_ids"].get("ovn-installed") == "true"
            and "iface-id" in row["external_ids"]
        }

    def faults(self) -> dict[str, str]:
        """Device -> why the switch cannot use it."""
        return {
            str(one(row["name"])): str(one(row["error"]))
            for _, row in self.db.rows("Interface")
            if one(row["error"])
        }

    def received(self, device: str) -> int:
        """How many packets came in by the device; the switch counts every 5 seconds."""
        where = [["name", "==", device]]
        look = {"op": "select", "table": "Interface", "where": where, "columns": ["statistics"]}
        (result,) = self.db.transact([look])
        (row,) = result["rows"] or [{"statistics": {}}]
        return int(ovsdb.normalized(row["statistics"]).get("rx_packets", 0))

    def _root(self) -> str:
        return next(iter(self.db.tables["Open_vSwitch"]))

    def _change(self, operations: Sequence[Mapping[str, object]]) -> None:
        """Make the changes and wait until the switch has realised them."""
        root = self._root()
        step = [["next_cfg", "+=", 1]]
        where = ovsdb.of_row(root)
        results = self.db.transact(
            [
                *operations,
                {"op": "mutate", "table": "Open_vSwitch", "where": where, "mutations": step},
                {"op": "select", "table": "Open_vSwitch", "where": where, "columns": ["next_cfg"]},
            ]
        )
        number = results[-1]["rows"][0]["next_cfg"]
        end = time.monotonic() + _APPLY_SECONDS

        def is_done() -> bool:
            row = self.db.tables["Open_vSwitch"][root]
            return bool(one(row["cur_cfg"], 0) >= number)

        if not self.db.wait_for(is_done, end - time.monotonic()):
            raise NetworkDriverError("the switch does not take changes: see vswitchd.log")


def _has_device(name: str) -> bool:
    """Whether the kernel has the device, or has it soon."""
    end = time.monotonic() + _DEVICE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            socket.if_nametoindex(name)
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.05)


def _mutation(bridge: str, verb: str, ports: Sequence[Uuid | Named]) -> dict[str, object]:
    """The change that gives ports to a bridge, or takes them from it."""
    steps = [["ports", verb, wire(ports)]]
    return {"op": "mutate", "table": "Bridge", "where": ovsdb.of_row(bridge), "mutations": steps}
