"""The northbound database: written in batches, by differences, and repaired."""

from __future__ import annotations

import time
from collections import Counter

import msgspec
import pytest

from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.ovn import central, ovsdb
from stratolith.network.drivers.ovn.northbound import dhcp, plan
from stratolith.network.drivers.ovn.northbound.matches import address_rows, matches
from stratolith.network.drivers.ovn.northbound.plan import Placement
from stratolith.network.drivers.ovn.northbound.routers import router_rows
from stratolith.network.drivers.ovn.northbound.rows import Link, Ref, Row
from stratolith.network.drivers.ovn.northbound.writer import COLUMNS, Northbound
from stratolith.network.drivers.ovn.ovsdb import wire
from stratolith.network.drivers.routing import PortForwardingView, RouteView
from tests.drivers.network import views, views6


@pytest.fixture
def database(tmp_path):
    """A northbound database without anything that reads it."""
    central.prepare("ovn-nb", tmp_path)
    daemon = central.daemons(tmp_path)[0]
    daemon.start()
    made = Northbound(central.northbound_socket(tmp_path))
    yield made
    made.close()
    daemon.stop()


def rows_of(view):
    named, groups = plan.groups_of(view)
    wanted = plan.whole(named, groups, Placement(default=("h1",)))
    assert wanted.errors == {}
    return wanted.rows


def a_view(count: int, external: bool = True):
    ports = [
        views.port(f"p{n}", f"10.55.{n // 250}.{n % 250 + 3}", "n1-subnet") for n in range(count)
    ]
    network = views.network("n1", cidr="10.55.0.0/16", ports=ports)
    router = views.router("r1", [network], "172.31.249.10", {"172.31.249.20": "10.55.0.3"})
    return views.host([network], [router], external=external)


def rows_of_many_tables():
    ports = [views.port(f"p{n}", f"10.55.0.{n + 3}", "n1-subnet") for n in range(3)]
    network = views.network("n1", ports=ports, dhcp=True)
    router = views.router("r1", [network], "172.31.249.10", {"172.31.249.20": "10.55.0.3"})
    forwarding = PortForwardingView(
        id="f", floating_ip="172.31.249.21", external_ports=(80, 80), fixed_ip="10.55.0.4",
        internal_ports=(80, 80), protocol="tcp", floating_ip_id="fip",
    )  # fmt: skip
    router = msgspec.structs.replace(router, port_forwardings=[forwarding])
    rows = rows_of(views.host([network], [router], external=True))
    policy = Row(
        table="Logical_Router_Policy",
        key="policy",
        owner=f"router/{router.id}",
        columns={"priority": 1, "match": "ip4", "action": "allow"},
        links=(Link("Logical_Router", router.id, "policies"),),
    )
    return [*rows, policy, *address_rows("g1", ["10.9.0.0/16"])]


def content(database: Northbound):
    """The rows by their keys; references as the keys of the rows."""
    database.connect()
    tables = database.db.tables
    keys = {
        uuid: row["external_ids"].get("stratolith")
        for table in COLUMNS
        for uuid, row in tables[table].items()
    }

    def readable(value):
        if isinstance(value, frozenset):
            return frozenset(keys.get(item, item) for item in value)
        return value

    return {
        (table, keys[uuid]): {column: readable(value) for column, value in row.items()}
        for table in COLUMNS
        for uuid, row in tables[table].items()
    }


@pytest.mark.root
def test_a_thousand_ports_from_nothing(database):
    rows = rows_of(a_view(1000))
    started = time.monotonic()
    database.write(rows)
    assert time.monotonic() - started < 10
    assert len(database.db.tables["Logical_Switch_Port"]) == 1003  # and of the router, localnet
    assert database.write(rows) == 0, "what is there is not written again"


@pytest.mark.root
def test_one_change_writes_one_owner(database):
    database.write(rows_of(a_view(20)))
    before = content(database)
    view = a_view(21)
    port = view.networks[0].ports[20]
    owner = f"port/{port.id}"
    rows = [row for row in rows_of(view) if row.owner == owner]
    database.write(rows, {owner})
    assert content(database).keys() - before.keys() == {(row.table, row.key) for row in rows}
    database.write([], {owner})
    assert content(database) == before


@pytest.mark.root
def test_what_others_changed_is_repaired(database):
    rows = rows_of(a_view(5))
    database.write(rows)
    before = content(database)
    other = ovsdb.Database(database.db.path, "OVN_Northbound", {"Logical_Switch": ("name",)})
    other.connect()
    deleted = [{"op": "delete", "table": table, "where": []} for table in ("Logical_Router",)]
    changed = {"op": "update", "table": "ACL", "where": [], "row": {"action": "allow"}}
    cleared = {"op": "update", "table": "Port_Group", "where": [], "row": {"ports": ["set", []]}}
    added = {"op": "insert", "table": "Logical_Switch", "row": {"name": "of somebody"}}
    other.transact([*deleted, changed, cleared, added])
    other.close()
    end = time.monotonic() + 10
    while content(database) == before:  # the news of other connections come when they come
        assert time.monotonic() < end
        time.sleep(0.02)
    assert database.write(rows) > 0
    assert content(database) == before


def changed_by_others(database, *operations):
    """Change the database by another connection, and wait until the first one knows it."""
    before = content(database)
    other = ovsdb.Database(database.db.path, "OVN_Northbound", {"Logical_Switch": ("name",)})
    other.connect()
    other.transact(operations)
    other.close()
    end = time.monotonic() + 10
    while content(database) == before:  # the news of other connections come when they come
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.root
@pytest.mark.parametrize("table", COLUMNS)
def test_rows_that_lost_their_marks_are_repaired(database, table):
    """The names of some are unique: they cannot be made a second time."""
    rows = rows_of_many_tables()
    database.write(rows)
    before, uuids = content(database), set(database.db.tables[table])
    nothing = {"op": "update", "table": table, "where": [], "row": {"external_ids": ["map", []]}}
    assert uuids
    changed_by_others(database, nothing)
    database.write(rows)
    assert content(database) == before and not database.refused
    if table in {"Logical_Switch", "Logical_Router", "Logical_Switch_Port", "Port_Group"}:
        assert set(database.db.tables[table]) == uuids, "what has a name is not made anew"


@pytest.mark.root
def test_names_of_ours_that_others_use_are_taken_back(database):
    rows = rows_of(a_view(3))
    database.write(rows)
    before = content(database)
    names = [ovsdb.one(row["name"]) for row in database.db.tables["Port_Group"].values()][:2]
    steps = [(names[0], "between"), (names[1], names[0]), ("between", names[1])]
    swapped = [
        {
            "op": "update",
            "table": "Port_Group",
            "where": [["name", "==", old]],
            "row": {"name": new},
        }
        for old, new in steps
    ]
    (port, *_) = (row["name"] for row in database.db.tables["Logical_Switch_Port"].values())
    where = [["name", "==", ovsdb.one(port)]]
    renamed = {"op": "update", "table": "Logical_Switch_Port", "where": where}
    thief = {"name": ovsdb.one(port), "type": "virtual"}
    held = {"name": "of somebody", "ports": ["named-uuid", "thief"]}
    changed_by_others(
        database,
        *swapped,
        {**renamed, "row": {"name": "another"}},
        {"op": "insert", "table": "Logical_Switch_Port", "row": thief, "uuid-name": "thief"},
        {"op": "insert", "table": "Logical_Switch", "row": held},
    )
    database.write(rows)
    assert content(database) == before and not database.refused


@pytest.mark.root
def test_a_refused_row_does_not_stop_the_others(database):
    rows = rows_of(a_view(3))
    bad = [
        msgspec.structs.replace(row, owner="group/bad", key="bad", columns={**row.columns, **wrong})
        for row, wrong in [(next(r for r in rows if r.table == "ACL"), {"priority": 99999})]
    ]
    database.write([*rows, *bad])
    assert list(database.refused) == ["group/bad"]
    assert "constraint" in database.refused["group/bad"]
    refused = database.refused
    written = content(database)
    assert written.keys() == {(row.table, row.key) for row in rows}
    database.write([], {"port/other"})
    assert database.refused == refused, "a part says nothing of other owners"
    database.write(rows)
    assert database.refused == {} and content(database) == written


@pytest.mark.root
def test_rows_of_others_in_our_switches_and_routers_are_removed(database):
    rows = rows_of(a_view(3))
    database.write(rows)
    before = content(database)
    drop = {"direction": "to-lport", "priority": 32000, "match": "ip", "action": "drop"}
    mark = {"direction": "to-lport", "priority": 9, "match": "ip", "bandwidth": wire({"rate": 1})}
    away = {"priority": 32000, "match": "ip4", "action": "drop"}
    nat = {"type": "dnat", "external_ip": "172.31.249.20", "logical_ip": "10.55.0.4"}
    way = {"ip_prefix": "10.55.0.0/24", "nexthop": "discard"}
    port = {"name": "theirs", "mac": "02:00:00:00:00:99", "networks": "10.99.0.1/24"}
    added = []
    for table, column, child, row in (
        ("Logical_Switch", "acls", "ACL", drop),
        ("Port_Group", "acls", "ACL", drop),
        ("Logical_Switch", "qos_rules", "QoS", mark),
        ("Logical_Switch", "ports", "Logical_Switch_Port", {"name": "theirs"}),
        ("Logical_Router", "policies", "Logical_Router_Policy", away),
        ("Logical_Router", "nat", "NAT", nat),
        ("Logical_Router", "static_routes", "Logical_Router_Static_Route", way),
        ("Logical_Router", "ports", "Logical_Router_Port", port),
    ):
        for uuid in database.db.tables[table]:
            name = f"row{len(added)}"
            unique = {**row, "name": name} if "name" in row else row
            step = [[column, "insert", ["named-uuid", name]]]
            where = [["_uuid", "==", ["uuid", uuid]]]
            added += [
                {"op": "insert", "table": child, "row": unique, "uuid-name": name},
                {"op": "mutate", "table": table, "where": where, "mutations": step},
            ]
    changed_by_others(database, *added)
    assert database.write(rows) > 0
    assert content(database) == before


@pytest.mark.root
def test_columns_that_only_others_write_are_repaired(database):
    rows = rows_of_many_tables()
    database.write(rows)
    before = content(database)
    (addresses, *_) = database.db.tables["Address_Set"]
    changes = {
        "Logical_Router_Port": {"enabled": False, "peer": "nothing"},
        "Logical_Switch_Port": {"tag_request": 7},
        "NAT": {"external_port_range": "1-2", "allowed_ext_ips": ["uuid", addresses]},
        "Logical_Router_Static_Route": {"route_table": "theirs", "policy": "src-ip"},
    }
    changed_by_others(
        database,
        *({"op": "update", "table": t, "where": [], "row": row} for t, row in changes.items()),
    )
    database.write(rows)
    assert content(database) == before


@pytest.mark.root
def test_rows_that_lost_their_marks_are_taken_again(database):
    """No two rows of these tables have one name, so a second row would be refused for ever."""
    rows = rows_of(a_view(3))
    database.write(rows)
    before = content(database)
    other = ovsdb.Database(database.db.path, "OVN_Northbound", {"Logical_Switch": ("name",)})
    other.connect()
    empty = {"external_ids": ["map", []]}
    other.transact([{"op": "update", "table": t, "where": [], "row": empty} for t in COLUMNS])
    other.close()
    end = time.monotonic() + 10
    while content(database) == before:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert database.write(rows[:1], [rows[0].owner]) > 0, "one object must not wait for the pass"
    database.write(rows)
    assert content(database) == before
    database.connect()
    counts = Counter(row.table for row in rows)
    assert {t: len(database.db.tables[t]) for t in counts} == counts


@pytest.mark.root
def test_what_the_database_refuses_keeps_nothing_else_out(database):
    """A row that only the database judges, and one that is there twice."""
    view = a_view(3)
    rows = rows_of(view)
    bad = next(row for row in rows if row.table == "Logical_Router")
    broken = msgspec.structs.replace(bad, columns={**bad.columns, "enabled": "perhaps"})
    database.write([*rows, *rows, broken])
    assert list(database.refused) == [bad.owner]
    assert "expected boolean" in database.refused[bad.owner]
    written = {key for table, key in content(database) if table == "Logical_Switch_Port"}
    assert {port.id for port in view.networks[0].ports} <= written
    assert not [key for table, key in content(database) if table == "Logical_Router"]
    database.write([*rows, *rows])
    assert database.refused == {}
    assert {Ref(row.table, row.key) for row in rows} == {Ref(*key) for key in content(database)}


def test_a_default_route_of_the_owner_replaces_that_of_the_gateway():
    """Also with the gateway's next hop: two rows of one key would be refused."""
    for hop in ("172.31.249.1", "10.55.0.9"):
        own = RouteView(destination="0.0.0.0/0", nexthop=hop)
        net = views.network("n1")
        router = views.router("r1", [net], "172.31.249.10", routes=[own])
        rows = rows_of(views.host([net], [router], external=True))
        routes = [row.columns for row in rows if row.table == "Logical_Router_Static_Route"]
        assert routes == [{"ip_prefix": "0.0.0.0/0", "nexthop": hop}]


@pytest.mark.root
def test_less_is_removed(database):
    database.write(rows_of(a_view(5)))
    few = rows_of(views.host([views.network("n2")]))
    database.write(few)
    assert content(database).keys() == {(row.table, row.key) for row in few}


@pytest.mark.root
def test_the_server_may_end(database):
    rows = rows_of(a_view(2))
    database.write(rows)
    daemon = central.daemons(database.db.path.parent)[0]
    daemon.stop()
    with pytest.raises(ovsdb.OvsdbError):
        database.write([])
    daemon.start()
    assert database.write(rows) == 0


def test_matches_of_rules():
    def match(**fields):
        fields = {"direction": "ingress", "ethertype": "IPv4", **fields}
        return list(matches(RuleView(**fields), "sg_a"))

    assert match() == ["outport == @sg_a && ip4"]
    assert match(direction="egress", ethertype="IPv6") == ["inport == @sg_a && ip6"]
    assert match(remote_cidrs=[]) == []
    assert match(remote_cidrs=["::/0"]) == []
    assert match(remote_cidrs=["10.1.2.3", "10.0.0.0/8"]) == [
        "outport == @sg_a && ip4 && ip4.src == {10.0.0.0/8, 10.1.2.3/32}"
    ]
    assert match(remote_group="b-c") == ["outport == @sg_a && ip4 && ip4.src == $members_b_c_v4"]
    assert match(protocol="tcp", port_range_min=1, port_range_max=9) == [
        "outport == @sg_a && ip4 && tcp && tcp.dst >= 1 && tcp.dst <= 9"
    ]
    assert match(protocol="vrrp") == ["outport == @sg_a && ip4 && ip.proto == 112"]
    with pytest.raises(ValueError, match="ports of IP protocol 136"):
        match(protocol="udplite", port_range_min=1, port_range_max=1)
    with pytest.raises(ValueError, match="not a usable id"):
        match(remote_group='x" || 1')


def test_options_of_ports_are_checked():
    assert dhcp.extra_options([("ntp-server", "10.0.0.1,10.0.0.2"), ("T1", "600")]) == (
        {"ntp_server": "{10.0.0.1, 10.0.0.2}", "T1": "600"},
        [],
    )
    assert dhcp.extra_options([("bootfile-name", 'a"}; drop')]) == (
        {"bootfile_name": '"a\\"}; drop"'},
        [],
    )
    bad = (("99", "x"), ("mtu", "9}"), ("mtu", "10.0.0.1"), ("router", "x"), ("67", "a\nb"))
    for name, value in bad:
        options, reasons = dhcp.extra_options([(name, value), ("wpad", "y")])
        assert (options, len(reasons)) == ({"wpad": '"y"'}, 1)
    assert dhcp.extra_options([("option6:dns-server", "10.0.0.1")], 6)[1]
    assert dhcp.extra_options([("option6:23", "fd00::1")], 6) == ({"dns_server": "fd00::1"}, [])


@pytest.mark.parametrize(
    ("named", "sent"), [([], "10.55.0.2"), (["0.0.0.0"], None), (["9.9.9.9"], "9.9.9.9")]
)
def test_name_servers(named, sent):
    net = views.network("n1", dhcp=True, subnet={"dns_nameservers": named})
    options = dhcp.subnet_options(net, net.subnets[0])
    assert options is not None
    assert options.get("dns_server") == (f"{{{sent}}}" if sent else None)


def test_what_is_left_out_of_a_port_is_said():
    port = views.port("a", "10.55.0.3", "n1-subnet", extra_dhcp_opts=[("99", "x")])
    view = views.host([views.network("n1", ports=[port], dhcp=True)])
    wanted = plan.whole(*plan.groups_of(view), Placement())
    assert wanted.errors == {port.id: "the driver ovn cannot send DHCP option '99'"}
    assert port.id in {row.key for row in wanted.rows if row.table == "Logical_Switch_Port"}


def test_a_rule_that_cannot_be_is_said_of_its_ports():
    """The port has its other rules; a network that cannot be takes its ports along."""
    bad = RuleView(
        direction="ingress",
        ethertype="IPv4",
        protocol="udplite",
        port_range_min=1,
        port_range_max=2,
    )
    a = views.port("a", "10.55.0.3", "n1-subnet", rules=[bad, *views.EGRESS_ALL])
    b = views.port("b", "10.56.0.3", "n2-subnet")
    n2 = views.network("n2", cidr="10.56.0.0/24", ports=[b])
    n2 = msgspec.structs.replace(n2, dns_domain="not_a domain", dhcp_port_id=views.uid("x"))
    n2 = msgspec.structs.replace(n2, dhcp_mac="fa:16:3e:00:00:01", network_type="")
    view = views.host([views.network("n1", ports=[a]), n2])
    errors, absent = plan.faults(view)
    assert "IP protocol 136" in errors[a.id]
    assert n2.id in errors
    assert absent == {n2.id, b.id}
    named, groups = plan.groups_of(view)
    lists = [row for row in plan.whole(named, groups, Placement()).rows if row.table == "ACL"]
    group = plan.group_of(a)
    assert len([row for row in lists if row.owner == f"group/{group}"]) == len(views.EGRESS_ALL)


def test_what_is_left_out_of_forwarding_is_said():
    def forwarding(number, protocol, last):
        ports = (1, last)
        return PortForwardingView(
            id=views.uid(f"f{number}"), floating_ip_id=views.uid(f"fip{number}"),
            floating_ip=f"172.31.249.{number}", protocol=protocol, external_ports=ports,
            fixed_ip="10.55.0.3", internal_ports=ports,
        )  # fmt: skip

    net = views.network("n1", ports=[views.port("a", "10.55.0.3", "n1-subnet")])
    wished = [forwarding(30, "dccp", 1), forwarding(31, "tcp", 5000), forwarding(32, "sctp", 2)]
    router = views.router("r1", [net], "172.31.249.10", port_forwardings=wished)
    wanted = plan.whole(*plan.groups_of(views.host([net], [router], external=True)), Placement())
    assert "no ports of dccp" in wanted.errors[router.id]
    assert "4096 ports of 172.31.249.31" in wanted.errors[router.id]
    (balancer,) = [row for row in wanted.rows if row.table == "Load_Balancer"]
    assert balancer.columns["vips"] == {
        "172.31.249.32:1": "10.55.0.3:1",
        "172.31.249.32:2": "10.55.0.3:2",
    }


def test_a_forwarding_that_changes_or_goes_leaves_no_row_of_its_own():
    """OVN ends connections with the row of a load balancer only."""

    def balancers(*forwardings):
        net = views.network("n1", ports=[views.port("a", "10.55.0.3", "n1-subnet")])
        router = views.router("r1", [net], "172.31.249.10", port_forwardings=list(forwardings))
        rows = rows_of(views.host([net], [router], external=True))
        return {row.key for row in rows if row.table == "Load_Balancer"}

    def forwarding(number, inside):
        return PortForwardingView(
            id=views.uid(f"f{number}"), floating_ip_id=views.uid("fip"),
            floating_ip="172.31.249.30", protocol="udp", external_ports=(number, number),
            fixed_ip="10.55.0.3", internal_ports=(inside, inside),
        )  # fmt: skip

    both = balancers(forwarding(1, 80), forwarding(2, 80))
    assert len(both) == 2 and balancers(forwarding(2, 80)) < both
    assert len(balancers(forwarding(1, 81), forwarding(2, 80)) & both) == 1


def test_other_modes_on_one_network_are_said():
    subnets = [
        views6.subnet("s", "2001:db8:1::", "slaac"),
        views6.subnet("t", "2001:db8:2::", "dhcpv6-stateful"),
        views6.subnet("u", "2001:db8:3::", None),
    ]
    net = views6.network("n", subnets, [])
    view = views.host([net], [views6.router("r", [net])])
    wanted = plan.whole(*plan.groups_of(view), Placement())
    assert "in one mode" in wanted.errors[views.uid("r")]
    assert "all IPv6 subnets" in wanted.errors[views.uid("r")]


def test_a_network_that_no_host_is_connected_to():
    view = a_view(1)
    network = msgspec.structs.replace(view.networks[0], network_type="")
    wanted = plan.Plan()
    plan.add_network(wanted, network, Placement(), {})
    assert "no segment" in wanted.errors[network.id]
    assert wanted.absent == {network.id, network.ports[0].id}


def test_stream_is_cut_into_objects():
    splitter = ovsdb._Splitter()
    text = b'{"a":"x}\\"{"}{"b":[{"c":1}]}'
    for size in (1, 2, 5, len(text)):
        parts = []
        for start in range(0, len(text), size):
            parts += splitter.feed(text[start : start + size])
        assert parts == [b'{"a":"x}\\"{"}', b'{"b":[{"c":1}]}']


def test_routers_do_not_keep_the_addresses_of_machines_for_ever() -> None:
    """A gateway outside that was replaced stayed unreachable until somebody deleted its row."""
    view = views.router("r1", [], "172.31.249.10")
    (row,) = (r for r in router_rows(view, [], {}) if r.table == "Logical_Router")
    assert row.columns["options"] == {"mac_binding_age_threshold": "300"}
