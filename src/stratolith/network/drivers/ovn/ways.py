"""What OVN's databases say of the way of a port's packets to the outside.

They are on the server's machine, so the server looks; a host looks at its own switch only
(``driver.py``). Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from stratolith.network.drivers.hops import FloatingPair, Hop
from stratolith.network.drivers.ovn import central, ovsdb
from stratolith.network.drivers.ovn.northbound.matches import DROP_GROUP
from stratolith.network.drivers.ovn.northbound.ports import port_name
from stratolith.network.drivers.ovn.ovsdb import Database, OvsdbError, Uuid, one, wire

SECONDS = 2.0  # the longest wait for a database
TRANSLATION_SECONDS = 10.0  # on a busy machine
_WRITER = "the server writes it within 20 s; if it does not: stratolith logs server"
_TRANSLATOR = "stratolith status: does ovn-northd run? Then see STATE/ovn/northd.log"
_CONTROLLER = "there: stratolith logs agent; STATE/network/ovs/controller.log"
_ANYWHERE = ("0.0.0.0/0", "::/0")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """``gateways``: router that connects the port's network -> its gateway ports."""

    port_id: str
    host: str
    gateways: dict[str, list[str]] = {}
    floating_ips: list[FloatingPair] = []


def hops(directory: Path, question: Question) -> list[Hop]:
    """The hops that OVN's databases in ``directory`` know."""
    north = Database(central.northbound_socket(directory), "OVN_Northbound", {})
    south = Database(central.southbound_socket(directory), "OVN_Southbound", {})
    try:
        north.connect(SECONDS)
        south.connect(SECONDS)
        return list(_Look(north, south, question).hops())
    except OvsdbError as error:
        advice = "stratolith status: do ovn-nb and ovn-sb run? stratolith up starts them"
        return [Hop(name="network", passed=False, text=str(error), advice=advice)]
    finally:
        north.close()
        south.close()


def fault_of_translator(directory: Path, seconds: float = TRANSLATION_SECONDS) -> str:
    """Why hosts do not hear of changes; "" if ovn-northd translates what is written.

    One transaction that it cannot write keeps it from all later ones, of any tenant.
    """
    columns = {"NB_Global": ("nb_cfg", "sb_cfg")}
    north = Database(central.northbound_socket(directory), "OVN_Northbound", columns)
    try:
        north.connect(SECONDS)
        ((uuid, row),) = north.rows("NB_Global")
        number = one(row["nb_cfg"], 0) + 1
        change = {"op": "update", "table": "NB_Global", "where": ovsdb.of_row(uuid)}
        north.transact([{**change, "row": {"nb_cfg": number}}])

        def is_done() -> bool:
            return any(one(r["sb_cfg"], 0) >= number for _, r in north.rows("NB_Global"))

        if not north.wait_for(is_done, seconds):
            return "ovn-northd does not translate what is written: no change reaches the hosts"
    except (OvsdbError, ValueError) as error:
        return f"OVN's northbound database: {error}"
    finally:
        north.close()
    return ""


class _Look:
    def __init__(self, north: Database, south: Database, question: Question) -> None:
        self.north, self.south, self.question = north, south, question

    def hops(self) -> Iterator[Hop]:
        port_id = self.question.port_id
        columns = ("_uuid", "enabled", "dhcpv4_options", "dhcpv6_options", "addresses")
        port = self._row(self.north, "Logical_Switch_Port", "name", port_id, columns)
        if port is None:
            text = "the port is not in OVN's northbound database"
            yield Hop(name="network", passed=False, text=text, advice=_WRITER)
            return
        yield self._binding()
        yield self._dhcp(port)
        yield self._lists(one(port["_uuid"]))
        for router_id, gateways in self.question.gateways.items():
            yield from self._router(router_id, gateways)

    def _rows(
        self, database: Database, table: str, where: Sequence[Any], columns: Sequence[str]
    ) -> list[ovsdb.Row]:
        wanted = {"op": "select", "table": table, "where": where, "columns": list(columns)}
        (result,) = database.transact([wanted])
        return [
            {column: ovsdb.normalized(value) for column, value in row.items()}
            for row in result["rows"]
        ]

    def _row(
        self, database: Database, table: str, column: str, value: Any, columns: Sequence[str]
    ) -> ovsdb.Row | None:
        """The row with this value in a column; None without one."""
        rows = self._rows(database, table, [[column, "==", wire(value)]], columns)
        return rows[0] if rows else None

    def _host_of(self, logical_port: str) -> str | None:
        """The host that has the logical port, "" for none; None while it is not translated."""
        row = self._row(self.south, "Port_Binding", "logical_port", logical_port, ("chassis",))
        if row is None:
            return None
        return "".join(self._chassis(uuid) for uuid in row["chassis"])

    def _chassis(self, uuid: Uuid) -> str:
        row = self._row(self.south, "Chassis", "_uuid", uuid, ("name",))
        return str(one(row["name"])) if row is not None else ""

    # -- the port ----------------------------------------------------------------------------------

    def _binding(self) -> Hop:
        failed = partial(Hop, name="network", passed=False)
        host = self._host_of(self.question.port_id)
        if host is None:
            text = "ovn-northd has not translated the port for the hosts"
            return failed(text=text, advice=_TRANSLATOR)
        if not host:
            text = f"host {self.question.host} has not taken the port in OVN"
            return failed(text=text, advice=_CONTROLLER)
        if host != self.question.host:
            text = f"host {host} has the port in OVN, not {self.question.host}"
            return failed(text=text, advice=_CONTROLLER)
        return Hop(name="network", passed=True, text=f"host {host} has the port in OVN")

    def _dhcp(self, port: ovsdb.Row) -> Hop:
        if one(port["enabled"], True) is False:
            advice = f"openstack port set --enable {self.question.port_id}"
            text = "the port is administratively down"
            return Hop(name="dhcp", passed=False, text=text, advice=advice)
        if not port["dhcpv4_options"] and not port["dhcpv6_options"]:
            text = "OVN answers no DHCP here: the guest needs another source of addresses"
            return Hop(name="dhcp", passed=None, text=text)
        own = next((text for text in port["addresses"] if " " in text), "")
        text = f"OVN answers DHCP ({', '.join(own.split()[1:]) or 'without an address'})"
        return Hop(name="dhcp", passed=True, text=text)

    def _lists(self, uuid: Uuid) -> Hop:
        """The lists of the port's groups; without that which drops all else nothing is filtered."""
        where = [["ports", "includes", wire([uuid])]]
        groups = self._rows(self.north, "Port_Group", where, ("name", "acls"))
        names = {str(one(group["name"])) for group in groups}
        if DROP_GROUP not in names:
            text = "port security is off: nothing is filtered"
            return Hop(name="security group", passed=True, text=text)
        own = [group for group in groups if one(group["name"]) != DROP_GROUP]
        count = sum(len(group["acls"]) for group in own)
        text = f"{count} rules of the port's security groups in OVN"
        return Hop(name="security group", passed=True, text=text)

    # -- routers -----------------------------------------------------------------------------------

    def _router(self, router_id: str, gateways: Sequence[str]) -> Iterator[Hop]:
        failed = partial(Hop, name="gateway", passed=False)
        columns = ("enabled", "static_routes", "nat")
        router = self._row(self.north, "Logical_Router", "name", router_id, columns)
        if router is None:
            text = f"router {router_id} is not in OVN's northbound database"
            yield failed(text=text, advice=_WRITER)
            return
        if one(router["enabled"], True) is False:
            advice = f"openstack router set --enable {router_id}"
            yield failed(text=f"router {router_id} is administratively down", advice=advice)
            return
        text = f"router {router_id} is in OVN, on every host"
        yield Hop(name="gateway", passed=True, text=text)
        routes = self._routes(router)
        for port_id in gateways:
            yield self._outside(port_id, routes)
        for pair in self.question.floating_ips:
            if pair.router_id == router_id and gateways:
                yield self._floating(pair, router, gateways)

    def _routes(self, router: ovsdb.Row) -> dict[str, list[str]]:
        """Router's port -> the next hops of its default routes."""
        hops: dict[str, list[str]] = {}
        columns = ("ip_prefix", "nexthop", "output_port")
        for uuid in router["static_routes"]:
            row = self._row(self.north, "Logical_Router_Static_Route", "_uuid", uuid, columns)
            if row is not None and one(row["ip_prefix"]) in _ANYWHERE:
                hops.setdefault(one(row["output_port"], ""), []).append(one(row["nexthop"]))
        return hops

    def _outside(self, port_id: str, routes: dict[str, list[str]]) -> Hop:
        name = port_name(port_id)
        host = self._host_of(f"cr-{name}")
        if not host:
            text = "no host has the gateway in OVN"
            advice = _TRANSLATOR if host is None else "stratolith status: which hosts report?"
            return Hop(name="snat", passed=False, text=text, advice=advice)
        row = self._row(self.north, "Logical_Router_Port", "name", name, ("networks",))
        own = ", ".join(sorted(row["networks"])) if row is not None else ""
        text = f"host {host} has the gateway, {own}"
        seen = [self._neighbour(name, hop) for hop in sorted(routes.get(name, []))]
        if not seen:
            return Hop(name="snat", passed=True, text=f"{text}; it has no default route")
        text = f"{text}; {'; '.join(text for _, text in seen)}"
        passed = True if all(known for known, _ in seen) else None
        return Hop(name="snat", passed=passed, text=text)

    def _neighbour(self, name: str, hop: str) -> tuple[bool, str]:
        """Whether a next hop is known, and what is known. OVN asks with the first packet only."""
        where = [["logical_port", "==", name], ["ip", "==", hop]]
        rows = self._rows(self.south, "MAC_Binding", where, ("mac",))
        if rows:
            return True, f"the next hop {hop} is {one(rows[0]['mac'])}"
        return False, f"the next hop {hop} has answered no packet yet"

    def _floating(self, pair: FloatingPair, router: ovsdb.Row, gateways: Sequence[str]) -> Hop:
        where = [["type", "==", "dnat_and_snat"], ["external_ip", "==", pair.floating_ip]]
        columns = ("_uuid", "logical_ip", "logical_port")
        rows = self._rows(self.north, "NAT", where, columns)
        own = [row for row in rows if one(row["_uuid"]) in router["nat"]]
        if not own or one(own[0]["logical_ip"]) != pair.fixed_ip:
            text = f"OVN does not translate {pair.floating_ip} to {pair.fixed_ip}"
            return Hop(name="floating ip", passed=False, text=text, advice=_WRITER)
        local = one(own[0]["logical_port"], "")
        host = self._host_of(local or f"cr-{port_name(gateways[0])}") or "no host"
        text = f"{pair.floating_ip} is translated to {pair.fixed_ip} on {host}"
        return Hop(name="floating ip", passed=host != "no host", text=text)
