"""Routers, floating IPs, the external network and metadata, with real packets."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
import time

import msgspec
import pytest

from stratolith.network.agent.metadata import MetadataProxy
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import RouteView
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, Guest, echo, serve_echo
from tests.drivers.network.metadata_upstream import by_http

pytestmark = pytest.mark.root

SSH = [*views.EGRESS_ALL, views.tcp_in(22)]
WORLD = "172.31.249.1"
ONLY_LINUX = pytest.mark.parametrize("driver", ["linux"], indirect=True)


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def two_networks(**fields):
    a = views.port("a", "10.55.0.11", "n1-subnet", rules=SSH)
    b = views.port("b", "10.55.0.12", "n1-subnet", rules=SSH)
    c = views.port("c", "10.56.0.11", "n2-subnet", rules=SSH)
    n1 = views.network("n1", ports=[a, b])
    n2 = views.network("n2", cidr="10.56.0.0/24", ports=[c])
    return a, b, c, n1, n2


def world():
    return serve_echo(socket.create_server((WORLD, 8080)))


def from_world(address, port, timeout=PATIENCE):
    try:
        with socket.create_connection((address, port), timeout) as sock:
            return echo(sock)
    except OSError:
        return False


def test_between_subnets_without_translation(driver, guest):
    a, _, c, n1, n2 = two_networks()
    view = views.host([n1, n2], [views.router("r1", [n1, n2], "172.31.249.10")], external=True)
    assert driver.apply(view).errors == {}
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(c, "10.56.0.11/24", "10.56.0.1")
    with second.serving(22) as clients:
        assert first.reaches("10.56.0.11", 22)
    assert clients == ["10.55.0.11"]


def test_source_translation_and_its_absence(driver, guest):
    a, _, _, n1, _ = two_networks()
    router = views.router("r1", [n1], "172.31.249.10")
    assert not driver.apply(views.host([n1], [router], external=True)).errors
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    with world() as clients:
        assert machine.reaches(WORLD, 8080)
    assert clients == ["172.31.249.10"]
    router = views.router("r1", [n1], "172.31.249.10", enable_snat=False)
    assert not driver.apply(views.host([n1], [router], external=True)).errors
    subprocess.run(["ip", "route", "add", "10.55.0.0/24", "via", "172.31.249.10"], check=True)
    with world() as clients:
        assert machine.reaches(WORLD, 8080)
    assert clients == ["10.55.0.11"]


def test_floating_ip_of_a_port_behind_a_further_router(driver, guest):
    """Its router has no interface to the port's subnet, and a route to it."""
    _, _, c, n1, n2 = two_networks()
    outer = views.router(
        "r1", [n1], "172.31.249.10", {"172.31.249.20": "10.56.0.11"},
        routes=[RouteView(destination="10.56.0.0/24", nexthop="10.55.0.2")],
    )  # fmt: skip
    default = RouteView(destination="0.0.0.0/0", nexthop="10.55.0.1")
    inner = views.router("r2", [n1, n2], routes=[default])
    between, inside = inner.interfaces
    between = msgspec.structs.replace(between, addresses=["10.55.0.2/24"])
    inner = msgspec.structs.replace(inner, interfaces=[between, inside])
    assert driver.apply(views.host([n1, n2], [outer, inner], external=True)).errors == {}
    machine = guest(c, "10.56.0.11/24", "10.56.0.1")
    with machine.serving(22) as clients:
        assert from_world("172.31.249.20", 22)
    assert clients == [WORLD]
    with world() as clients:
        assert machine.reaches(WORLD, 8080)
    assert clients == ["172.31.249.20"]


def test_floating_ip_in_and_out(driver, guest):
    a, b, _, n1, _ = two_networks()
    router = views.router("r1", [n1], "172.31.249.10", {"172.31.249.20": "10.55.0.11"})
    applied = driver.apply(views.host([n1], [router], external=True))
    assert applied.errors == {}
    assert applied.floating_ips == [router.floating_ips[0].id]
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(b, "10.55.0.12/24", "10.55.0.1")
    with first.serving(22) as clients, first.serving(23):
        assert from_world("172.31.249.20", 22)
        assert not from_world("172.31.249.20", 23, 0.5), "the security group still counts"
        assert clients == [WORLD], "the guest sees who really calls"
        assert second.reaches("172.31.249.20", 22), "a neighbour may use the floating IP"
        assert clients[1] == "172.31.249.10"
        assert first.reaches("172.31.249.20", 22), "and so may the guest itself"
        assert clients[2] == "172.31.249.20"
    with world() as clients:
        assert first.reaches(WORLD, 8080)
        assert second.reaches(WORLD, 8080)
    assert clients == ["172.31.249.20", "172.31.249.10"]


def test_floating_ip_taken_away_ends_its_connections(driver, guest):
    a, _, _, n1, _ = two_networks()
    router = views.router("r1", [n1], "172.31.249.10", {"172.31.249.20": "10.55.0.11"})
    driver.apply(views.host([n1], [router], external=True))
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    with machine.serving(22), socket.create_connection(("172.31.249.20", 22), PATIENCE) as sock:
        assert echo(sock)
        bare = views.router("r1", [n1], "172.31.249.10")
        assert not driver.apply(views.host([n1], [bare], external=True)).errors
        sock.settimeout(1)
        with pytest.raises(OSError):
            echo(sock)
        assert not from_world("172.31.249.20", 22, 0.5)


def test_gratuitous_arp_moves_a_floating_ip(driver, guest):
    """The world has the address cached at the old router; the new one must correct it."""
    a, _, c, n1, n2 = two_networks()

    def view(first, second):
        routers = [
            views.router("r1", [n1], "172.31.249.10", first),
            views.router("r2", [n2], "172.31.249.11", second),
        ]
        return views.host([n1, n2], routers, external=True)

    assert not driver.apply(view({"172.31.249.20": "10.55.0.11"}, {})).errors
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(c, "10.56.0.11/24", "10.56.0.1")
    with first.serving(22) as one, second.serving(22) as two:
        assert from_world("172.31.249.20", 22)
        assert not driver.apply(view({}, {"172.31.249.20": "10.56.0.11"})).errors
        assert from_world("172.31.249.20", 22)
        assert (len(one), len(two)) == (1, 1)


@ONLY_LINUX
def test_extra_route_and_mtu(driver, guest):
    _, _, _, n1, _ = two_networks()
    route = RouteView(destination="10.77.0.0/24", nexthop="10.55.0.12")
    router = views.router("r1", [n1], routes=[route])
    assert not driver.apply(views.host([n1], [router])).errors
    name = f"qrouter-{router.id}"
    shown = namespaces.run_in(name, lambda: subprocess.check_output(["ip", "route"], text=True))
    assert "10.77.0.0/24 via 10.55.0.12" in shown
    links = namespaces.run_in(name, lambda: subprocess.check_output(["ip", "link"], text=True))
    assert "mtu 1450" in links
    bare = views.router("r1", [n1])
    assert not driver.apply(views.host([n1], [bare])).errors
    shown = namespaces.run_in(name, lambda: subprocess.check_output(["ip", "route"], text=True))
    assert "10.77.0.0/24" not in shown


@ONLY_LINUX
def test_unusable_route_is_reported_and_the_rest_works(driver, guest):
    _, _, _, n1, n2 = two_networks()
    route = RouteView(destination="10.77.0.0/24", nexthop="192.0.2.1")
    bad, good = views.router("r1", [n1], routes=[route]), views.router("r2", [n2])
    applied = driver.apply(views.host([n1, n2], [bad, good]))
    assert list(applied.errors) == [bad.id]
    assert "10.77.0.0/24" in applied.errors[bad.id]
    assert applied.routers == [good.id]


def test_router_that_is_down_routes_nothing(driver, guest):
    a, _, c, n1, n2 = two_networks()
    down = views.router("r1", [n1, n2], admin_state_up=False)
    assert not driver.apply(views.host([n1, n2], [views.router("r1", [n1, n2])])).errors
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(c, "10.56.0.11/24", "10.56.0.1")
    with second.serving(22):
        assert first.reaches("10.56.0.11", 22)
        assert not driver.apply(views.host([n1, n2], [down])).errors
        assert not first.reaches("10.56.0.11", 22, 0.5)


def test_overlapping_tenants_behind_two_routers(driver, guest):
    rules = SSH
    one = views.port("t1", "10.55.0.11", "n1-subnet", rules=rules)
    two = views.port("t2", "10.55.0.11", "n2-subnet", rules=rules)
    n1, n2 = views.network("n1", ports=[one]), views.network("n2", ports=[two])
    routers = [
        views.router("r1", [n1], "172.31.249.10", {"172.31.249.20": "10.55.0.11"}),
        views.router("r2", [n2], "172.31.249.11", {"172.31.249.21": "10.55.0.11"}),
    ]
    assert not driver.apply(views.host([n1, n2], routers, external=True)).errors
    first = guest(one, "10.55.0.11/24", "10.55.0.1")
    second = guest(two, "10.55.0.11/24", "10.55.0.1")
    with first.serving(22) as seen1, second.serving(22) as seen2:
        for _ in range(3):
            assert from_world("172.31.249.20", 22)
            assert from_world("172.31.249.21", 22)
        assert (len(seen1), len(seen2)) == (3, 3)
    with world() as clients:
        sockets = [
            namespaces.run_in(
                machine.name,
                lambda: socket.create_connection(
                    (WORLD, 8080), PATIENCE, source_address=("", 41000)
                ),
            )
            for machine in (first, second)
        ]
        assert all(echo(sock) for sock in sockets)
        for sock in sockets:
            sock.close()
    assert sorted(clients) == ["172.31.249.20", "172.31.249.21"]


def test_world_beyond_the_host(driver, guest):
    """Masquerading: a machine that knows nothing of the external range is reached."""
    a, _, _, n1, _ = two_networks()
    assert not driver.apply(
        views.host([n1], [views.router("r1", [n1], "172.31.249.10")], external=True)
    ).errors
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    far = f"far-{views.uid('far')[:8]}"
    namespaces.create(far)
    try:
        subprocess.run(
            [
                "/bin/sh",
                "-ec",
                f"ip link add far0 type veth peer name far1 netns {far};"
                "ip addr add 198.51.100.1/24 dev far0; ip link set far0 up",
            ],
            check=True,
        )
        namespaces.run_in(
            far,
            lambda: subprocess.run(
                ["/bin/sh", "-ec", "ip addr add 198.51.100.2/24 dev far1; ip link set far1 up"],
                check=True,
            ),
        )
        server = namespaces.run_in(far, lambda: socket.create_server(("198.51.100.2", 8080)))
        with serve_echo(server) as clients:
            assert machine.reaches("198.51.100.2", 8080)
        assert clients == ["198.51.100.1"]
    finally:
        namespaces.remove(far)


class Upstream:
    """A metadata service that says what it was asked."""

    def __init__(self) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                told = {
                    "path": self.path,
                    "method": self.command,
                    "body": self.rfile.read(size).decode(),
                    "headers": {key.lower(): value for key, value in self.headers.items()},
                }
                data = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def proxy(sandbox):
    upstream = Upstream()
    made = MetadataProxy(by_http(f"http://127.0.0.1:{upstream.server.server_port}"))
    made.start()
    yield made
    made.close()
    upstream.close()


def fetch(machine: Guest, path: str, *arguments: str) -> tuple[int, str]:
    output = machine.sh(
        f"curl -s -m 5 -w '\\n%{{http_code}}' {' '.join(arguments)} http://169.254.169.254{path}"
    )
    body, _, status = output.rpartition("\n")
    return int(status), body


@pytest.mark.parametrize(
    ("driver", "way"),
    [("linux", "router"), ("linux", "dhcp"), ("ovn", "dhcp")],
    indirect=["driver"],
)
def test_metadata(driver, guest, proxy, way):
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    stranger = views.port("vm2", "10.55.0.22", "n1-subnet", port_security=False)
    net = views.network("n1", ports=[one, stranger], dhcp=True)
    routers = [views.router("r1", [net])] if way == "router" else []
    view = views.host([net], routers)
    assert not driver.apply(view).errors
    assert proxy.update(view) == {}
    via = "10.55.0.1" if way == "router" else "10.55.0.2"
    machine = guest(one, "10.55.0.21/24")
    machine.sh(f"ip route add 169.254.169.254/32 via {via}")
    status, body = fetch(machine, "/openstack/latest/meta_data.json?x=1", "-H 'X-Instance-ID: z'")
    told = json.loads(body)
    assert status == 200
    assert told["path"] == "/openstack/latest/meta_data.json?x=1"
    assert told["headers"]["x-instance-id"] == one.server_id
    assert told["headers"]["x-tenant-id"] == one.project_id
    assert told["headers"]["x-forwarded-for"] == "10.55.0.21"
    status, body = fetch(machine, "/openstack/2013-04-04/password", "-d secret")
    assert json.loads(body)["method"] == "POST"
    assert json.loads(body)["body"] == "secret"
    assert fetch(machine, "/", "-H 'Content-Length: 100000' -H 'Expect:' -d x")[0] == 413
    other = guest(stranger, "10.55.0.99/24")
    other.sh(f"ip route add 169.254.169.254/32 via {via}")
    assert fetch(other, "/")[0] == 404


@ONLY_LINUX
def test_metadata_when_the_service_is_away(driver, guest, sandbox):
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    view = views.host([views.network("n1", ports=[one], dhcp=True)])
    driver.apply(view)
    away = MetadataProxy(by_http("http://127.0.0.1:9"))
    away.start()
    try:
        away.update(view)
        machine = guest(one, "10.55.0.21/24")
        machine.sh("ip route add 169.254.169.254/32 via 10.55.0.2")
        assert fetch(machine, "/")[0] == 503
        # the namespace is made anew: the proxy must follow
        namespaces.remove(f"qdhcp-{views.uid('n1')}")
        assert not driver.apply(view).errors
        away.update(view)
        assert fetch(machine, "/")[0] == 503
        started = time.monotonic()
        holders = [machine.connect("169.254.169.254", 80) for _ in range(6)]
        assert time.monotonic() - started < PATIENCE
        for sock in holders:
            sock.close()
    finally:
        away.close()
