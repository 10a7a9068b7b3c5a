"""Brings the northbound database to the desired rows.

It compares the desired rows with its copy of the database and writes the difference: for some
owners after a change, for everything in the periodic pass. Each row has its key and its owner in
``external_ids``; rows without them were made by somebody else and are removed by the pass. One that
has the name of a row of ours is taken over, as it may be ours and have lost its mark.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from stratolith.network.drivers.ovn import ovsdb
from stratolith.network.drivers.ovn.northbound import mutations as mutating
from stratolith.network.drivers.ovn.northbound.mutations import Change, Mutations
from stratolith.network.drivers.ovn.northbound.rows import Ref, Row
from stratolith.network.drivers.ovn.ovsdb import (
    Database,
    Named,
    Refused,
    Uuid,
    normalized,
    wire,
)

_GLOBAL = ("external_ids", "nb_cfg", "hv_cfg")
BATCH = 400  # rows of one transaction
_KEY, _OWNER, _ROUND = "stratolith", "stratolith_owner", "stratolith_round"
# table -> the columns that we write, some of them only to undo what others wrote
COLUMNS: dict[str, tuple[str, ...]] = {
    "Logical_Switch": (
        "name", "other_config", "load_balancer_group", "forwarding_groups", "copp",
    ),
    "DHCP_Options": ("cidr", "options"),
    "Address_Set": ("name", "addresses"),
    "Port_Group": ("name",),
    "Logical_Router": ("name", "enabled", "options", "load_balancer_group", "copp"),
    "DNS": ("records",),
    "Load_Balancer": (
        "name", "vips", "protocol", "options", "health_check", "ip_port_mappings",
        "selection_fields",
    ),
    "Logical_Switch_Port": (
        "name", "type", "addresses", "port_security", "enabled", "options", "dhcpv4_options",
        "dhcpv6_options", "parent_name", "tag", "tag_request", "mirror_rules", "ha_chassis_group",
    ),
    "Logical_Router_Port": (
        "name", "mac", "networks", "options", "ipv6_ra_configs", "enabled", "peer",
        "ha_chassis_group",
    ),
    "Gateway_Chassis": ("name", "chassis_name", "priority"),
    "QoS": ("priority", "direction", "match", "action", "bandwidth"),
    "ACL": ("priority", "direction", "match", "action", "options"),
    "NAT": (
        "type", "external_ip", "logical_ip", "external_mac", "logical_port", "gateway_port",
        "options", "external_port_range", "allowed_ext_ips", "exempted_ext_ips",
    ),
    "Logical_Router_Static_Route": (
        "ip_prefix", "nexthop", "output_port", "policy", "route_table", "options", "bfd",
    ),
    "Logical_Router_Policy": ("priority", "match", "action", "nexthops", "nexthop", "options"),
}  # fmt: skip
# table -> the columns in which its rows refer to others that we make
LINKS: dict[str, tuple[str, ...]] = {
    "Logical_Switch": ("ports", "qos_rules", "load_balancer", "dns_records", "acls"),
    "Port_Group": ("ports", "acls"),
    "Logical_Router": ("ports", "nat", "static_routes", "load_balancer", "policies"),
    "Logical_Router_Port": ("gateway_chassis",),
}
# These exist only while another row refers to them.
_DEPENDENT = {
    "Logical_Switch_Port", "Logical_Router_Port", "Gateway_Chassis", "ACL", "NAT", "QoS",
    "Logical_Router_Static_Route", "Logical_Router_Policy",
}  # fmt: skip
# The database accepts no two rows of one name in these.
_UNIQUE = {
    "Address_Set", "Port_Group", "Logical_Switch_Port", "Logical_Router_Port", "Gateway_Chassis",
}  # fmt: skip
# A row that lost its mark is known again by its name in these: OVN need not make it anew.
_NAMED = {*_UNIQUE, "Logical_Switch", "Logical_Router", "Load_Balancer"}

Place = tuple[str, str]  # table, uuid
Item = TypeVar("Item")


class Northbound:
    """The northbound database at a socket. Any thread may call the methods, one at a time."""

    def __init__(self, path: Path) -> None:
        tables = {
            table: (*columns, *LINKS.get(table, ()), "external_ids")
            for table, columns in COLUMNS.items()
        }
        self.db = Database(path, "OVN_Northbound", {**tables, "NB_Global": _GLOBAL})
        self.db.listeners.append(self._index)
        self._uuids: dict[Ref, str] = {}
        self._owned: dict[str, set[Place]] = defaultdict(set)
        self._doubles: set[Place] = set()
        self._referrers: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self._named: dict[tuple[str, str], set[str]] = defaultdict(set)  # table and name
        self._round = 0
        self.refused: dict[str, str] = {}  # owner -> why rows of it could not be written

    def close(self) -> None:
        self.db.close()

    def connect(self) -> None:
        """Connect unless connected, and take in what changed; raises ``OvsdbError``."""
        with self.db.lock:
            self.db.connect()
            self.db.poll()
            self._ensure_global()

    def _ensure_global(self) -> None:
        """Make the one row of NB_Global, unless the translator is faster."""
        rows = self.db.tables["NB_Global"]
        if not rows:
            with contextlib.suppress(ovsdb.OvsdbError):
                self.db.transact([{"op": "insert", "table": "NB_Global", "row": {}}])
            if not self.db.wait_for(lambda: bool(rows), ovsdb.SECONDS):
                raise ovsdb.OvsdbError("the northbound database has no row of its own")

    def has(self, table: str, key: str) -> bool:
        return Ref(table, key) in self._uuids

    def is_idle(self, network: str) -> bool:
        """Whether the database has no port of a guest or router in the network.

        Nobody tells of changes of such a network, so that what it has of it may be old.
        """
        uuid = self._uuids.get(Ref("Logical_Switch", network))
        if uuid is None:
            return True
        present = self.db.tables["Logical_Switch_Port"]
        ports = [
            port for port in self.db.tables["Logical_Switch"][uuid]["ports"] if port in present
        ]
        own = f"network/{network}"
        return all(self._owner(("Logical_Switch_Port", port)) == own for port in ports)

    def is_used(self, group: str) -> bool:
        """Whether ports have the security group."""
        uuid = self._uuids.get(Ref("Port_Group", group))
        return uuid is not None and bool(self.db.tables["Port_Group"][uuid]["ports"])

    def subnet_options(self, subnets: Iterable[str]) -> dict[str, Row]:
        """Subnet -> the DHCP options that the database has for it."""
        known = {}
        for subnet in subnets:
            uuid = self._uuids.get(Ref("DHCP_Options", subnet))
            if uuid is not None:
                row = self.db.tables["DHCP_Options"][uuid]
                columns = {"cidr": ovsdb.one(row["cidr"]), "options": row["options"]}
                known[subnet] = Row(table="DHCP_Options", key=subnet, owner="", columns=columns)
        return known

    def write(self, rows: Iterable[Row], owners: Collection[str] | None = None) -> int:
        """Write the rows of these owners, and remove their other rows; without ``owners`` all rows
        of the database. Returns the number of changed rows. Raises ``OvsdbError``. A row that the
        database refuses does not stop the others: its owner is in ``refused`` then.
        """
        with self.db.lock:
            self.connect()
            before = self.refused if owners is not None else {}
            self.refused = {k: why for k, why in before.items() if k not in (owners or ())}
            wanted = {Ref(row.table, row.key): row for row in rows}
            desired = sorted(wanted.values(), key=_order)
            changed = 0
            for batch in _batches(desired):
                changed += self._divided(self._write, batch, lambda row: row.owner)
            removed = {place for place in self._existing(owners) if self._ref(place) not in wanted}
            # a row may be both, and the database refuses a change that names one twice
            removed |= self._doubles if owners is None else set()
            for places in _batches(sorted(removed)):
                changed += self._divided(self._remove, places, self._owner)
            return changed

    def wait_for_hosts(self, seconds: float = ovsdb.SECONDS) -> bool:
        """Wait until all hosts have realised what was written; whether they did in time."""
        with self.db.lock:
            self.connect()
            ((uuid, row),) = self.db.rows("NB_Global")
            number = ovsdb.one(row["nb_cfg"], 0) + 1
            change = {"op": "update", "table": "NB_Global", "where": ovsdb.of_row(uuid)}
            self.db.transact([{**change, "row": {"nb_cfg": number}}])

            def is_done() -> bool:
                rows = self.db.tables["NB_Global"].values()
                return any(ovsdb.one(row["hv_cfg"], 0) >= number for row in rows)

            return self.db.wait_for(is_done, seconds)

    def owners(self) -> set[str]:
        return {owner for owner, places in self._owned.items() if places}

    # -- the copy --------------------------------------------------------------------------------

    def _index(
        self, table: str, uuid: str, before: ovsdb.Row | None, after: ovsdb.Row | None
    ) -> None:
        if before is not None:
            ref = Ref(table, before["external_ids"].get(_KEY, ""))
            if self._uuids.get(ref) == uuid:
                del self._uuids[ref]
            self._doubles.discard((table, uuid))
            self._owned[before["external_ids"].get(_OWNER, "")].discard((table, uuid))
            if table in _NAMED:
                self._named[table, ovsdb.one(before["name"])].discard(uuid)
            for column in LINKS.get(table, ()):
                for target in before[column]:
                    self._referrers[target].discard((table, uuid, column))
        if after is not None and table in COLUMNS:
            ref = Ref(table, after["external_ids"].get(_KEY, ""))
            if self._uuids.setdefault(ref, uuid) != uuid:
                self._doubles.add((table, uuid))
            self._owned[after["external_ids"].get(_OWNER, "")].add((table, uuid))
            if table in _NAMED:
                self._named[table, ovsdb.one(after["name"])].add(uuid)
            for column in LINKS.get(table, ()):
                for target in after[column]:
                    self._referrers[target].add((table, uuid, column))

    def _existing(self, owners: Collection[str] | None) -> Iterator[Place]:
        places = self._owned if owners is None else {o: self._owned[o] for o in owners}
        return (place for owned in places.values() for place in owned)

    def _ref(self, place: Place) -> Ref:
        table, uuid = place
        return Ref(table, self.db.tables[table][uuid]["external_ids"].get(_KEY, ""))

    def _owner(self, place: Place) -> str:
        table, uuid = place
        return str(self.db.tables[table][uuid]["external_ids"].get(_OWNER, f"{table} {uuid}"))

    # -- changes ---------------------------------------------------------------------------------

    def _divided(
        self,
        change: Callable[[Sequence[Item]], int],
        items: Sequence[Item],
        owner: Callable[[Item], str],
    ) -> int:
        """Make a change of all items at once; if it is refused, of each half, and so on."""
        try:
            return change(items)
        except Refused as error:
            if len(items) == 1:
                self.refused[owner(items[0])] = str(error)
                return 0
        middle = len(items) // 2
        halves = items[:middle], items[middle:]
        return sum(self._divided(change, half, owner) for half in halves)

    def _free_names(self, batch: Sequence[Row]) -> int:
        """Take over rows with the names of ours, or remove them where ours exists besides.

        Somebody may have taken the mark of a row of ours, or given its name to another one.
        """
        marks: list[Change] = []
        taken: set[str] = set()
        unwanted: dict[Place, None] = {}
        wanted = {Ref(row.table, row.key) for row in batch}
        for row in batch:
            ref = Ref(row.table, row.key)
            own = self._uuids.get(ref)
            if row.table not in _NAMED or (own is not None and row.table not in _UNIQUE):
                continue
            for uuid in sorted(self._named.get((row.table, row.columns["name"]), set()) - {own}):
                place = (row.table, uuid)
                if own is None and uuid not in taken and self._ref(place) not in wanted:
                    own = uuid
                    taken.add(uuid)
                    ids = {"external_ids": wire({_KEY: row.key, _OWNER: row.owner})}
                    where = ovsdb.of_row(uuid)
                    marks.append({"op": "update", "table": row.table, "where": where, "row": ids})
                elif row.table in _UNIQUE:
                    unwanted[place] = None
        self._commit(marks)
        if unwanted:
            self._remove(list(unwanted))
        return len(marks)

    def _write(self, batch: Sequence[Row]) -> int:
        changed = self._free_names(batch)
        names = {
            Ref(row.table, row.key): f"row{number}"
            for number, row in enumerate(batch)
            if Ref(row.table, row.key) not in self._uuids
        }
        operations: list[Change] = []
        mutations: Mutations = {}
        for row in batch:
            before = len(operations), mutating.size(mutations)
            self._write_row(row, names, operations, mutations)
            changed += before != (len(operations), mutating.size(mutations))
        self._commit([*operations, *mutating.operations(mutations)])
        return changed

    def _write_row(
        self,
        row: Row,
        names: Mapping[Ref, str],
        operations: list[Change],
        mutations: Mutations,
    ) -> None:
        ids = {_KEY: row.key, _OWNER: row.owner}
        columns = {column: row.columns.get(column, _EMPTY[row.table, column])
                   for column in COLUMNS[row.table]}  # fmt: skip
        columns = {key: self._resolved(value, names) for key, value in columns.items()}
        columns["external_ids"] = ids
        uuid = self._uuids.get(Ref(row.table, row.key))
        if uuid is None:
            name = names[Ref(row.table, row.key)]
            operations.append(
                {
                    "op": "insert",
                    "table": row.table,
                    "uuid-name": name,
                    "row": mutating.wired(columns),
                }
            )
            target: Any = Named(name)
            known: set[tuple[str, str, str]] = set()
        else:
            current = self.db.tables[row.table][uuid]
            change = {k: v for k, v in columns.items() if current[k] != normalized(v)}
            if change:
                where = ovsdb.of_row(uuid)
                operations.append(
                    {
                        "op": "update",
                        "table": row.table,
                        "where": where,
                        "row": mutating.wired(change),
                    }
                )
            target, known = Uuid(uuid), self._referrers[uuid]
        wished = set()
        for link in row.links:
            parent = self._resolved(Ref(link.table, link.key), names)
            if isinstance(parent, frozenset):
                continue  # its parent is not there yet
            wished.add((link.table, str(parent), link.column))
            if (link.table, str(parent), link.column) not in known:
                mutating.mutate(mutations, link.table, parent, link.column, "insert", target)
        for table, holder, column in known - wished:
            mutating.mutate(mutations, table, Uuid(holder), column, "delete", target)

    def _resolved(self, value: Any, names: Mapping[Ref, str]) -> Any:
        """A value with the uuids of the rows it refers to; without those that do not exist."""
        if not isinstance(value, Ref):
            return value
        uuid = self._uuids.get(value)
        if uuid is not None:
            return Uuid(uuid)
        return Named(names[value]) if value in names else frozenset()

    def _remove(self, places: Sequence[Place]) -> int:
        operations: list[Change] = []
        mutations: Mutations = {}
        removed = set(places)
        for table, uuid in places:
            for holder, parent, column in self._referrers[uuid]:
                if (holder, parent) not in removed:
                    mutating.mutate(mutations, holder, Uuid(parent), column, "delete", Uuid(uuid))
            if table not in _DEPENDENT:
                where = ovsdb.of_row(uuid)
                operations.append({"op": "delete", "table": table, "where": where})
        self._commit([*mutating.operations(mutations), *operations])
        return len(places)

    def _commit(self, operations: list[Change]) -> None:
        """Do the operations, and wait until the copy has their result."""
        if not operations:
            return
        self._round += 1
        mark = {_ROUND: str(self._round)}
        (uuid,) = self.db.tables["NB_Global"]
        where = ovsdb.of_row(uuid)
        steps = [["external_ids", "delete", ["set", [_ROUND]]],
                 ["external_ids", "insert", wire(mark)]]  # fmt: skip
        end = {"op": "mutate", "table": "NB_Global", "where": where, "mutations": steps}
        self.db.transact([*operations, end])

        def has_come() -> bool:
            rows = self.db.tables["NB_Global"].values()
            return any(row["external_ids"].get(_ROUND) == mark[_ROUND] for row in rows)

        if not self.db.wait_for(has_come, ovsdb.SECONDS):
            raise ovsdb.OvsdbError("the northbound database does not tell of its changes")


_MAPS = {"other_config", "options", "ipv6_ra_configs", "vips", "records", "ip_port_mappings"}
_EMPTY: dict[tuple[str, str], Any] = {
    (table, column): {} if column in _MAPS else frozenset()
    for table, columns in COLUMNS.items()
    for column in columns
}
_EMPTY["QoS", "action"] = _EMPTY["QoS", "bandwidth"] = {}
_EMPTY["Logical_Switch_Port", "type"] = _EMPTY["NAT", "external_port_range"] = ""
_EMPTY["Logical_Router_Static_Route", "route_table"] = ""
_TABLES = list(COLUMNS)


def _order(row: Row) -> tuple[int, str]:
    """Rows that others refer to come first."""
    return _TABLES.index(row.table), row.key


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
