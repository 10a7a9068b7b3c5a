"""Which hosts OVN's southbound database lets in, over real connections."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stratolith.kernel.agent.member import new_request
from stratolith.kernel.clock import SimulatedClock
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.kernel.hosts import membership, records
from stratolith.kernel.hosts.authority_store import authority
from stratolith.network.api import southbound as api
from stratolith.network.drivers.ovn import central
from stratolith.network.drivers.ovn.ovsdb import Database
from stratolith.network.drivers.ovn.trust import Trust
from stratolith.network.managers import host_hints, placement
from stratolith.network.managers.routing import gateway_hosts
from stratolith.network.managers.segments import types
from stratolith.network.reconcilers import gateway_watch, host_view, ovn_hosts
from stratolith.network.reconcilers.northbound import WHOLE
from stratolith.network.reconcilers.southbound import HOSTS, SouthboundDoor
from stratolith.network.reconcilers.view_rows import NetworkRow
from stratolith.network.settings import NetworkSettings
from tests.unit.network import rooms

pytestmark = pytest.mark.root
LISTEN = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((LISTEN, 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    made = rooms.environment(
        tmp_path / "cloud", {"listen": LISTEN}, driver="ovn", ovn_port=free_port()
    )
    ctx = rooms.context(made)
    for name in ("h2", "h3"):
        record = records.new_record(name, records.ACTIVE, made.clock.now())
        record.certificates, record.views = ["1"], ["network"]
        ctx.session.add(record)
    ctx.commit()
    yield made
    made.db.dispose()


@pytest.fixture
def door(env: Environment) -> Iterator[SouthboundDoor]:
    directory = central.directory_of(env.settings.state_dir)
    central.start(directory)
    roles = Database(
        central.southbound_socket(directory), "OVN_Southbound", {"RBAC_Role": ("name",)}
    )
    roles.connect()
    assert roles.wait_for(lambda: bool(roles.tables["RBAC_Role"]), 20), "OVN has made no roles"
    roles.close()
    made = SouthboundDoor()
    yield made
    if made.database is not None:
        made.database.close()
    central.stop(directory)


def look(env: Environment, door: SouthboundDoor) -> None:
    ctx = rooms.context(env)
    door.reconcile(ctx, HOSTS)
    ctx.close()


def admitted(env: Environment, host: str, place: Path) -> Path:
    """The key and certificates that the host gets."""
    key, request = new_request()
    ctx = rooms.context(env)
    answer = json.loads(api.admit(ctx, host, request.encode()).body)
    ctx.commit()
    place.write_text(key + answer["certificate"])
    place.with_suffix(".authority").write_text(answer["authority"])
    return place


def ask(env: Environment, credentials: Path, *operations: dict[str, Any]) -> list[Any] | None:
    """The database's answer to a host; None when it does not let it in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(credentials.with_suffix(".authority"))
    context.load_cert_chain(credentials)
    request = {"method": "transact", "params": ["OVN_Southbound", *operations], "id": 1}
    try:
        plain = socket.create_connection((LISTEN, central.southbound_port(env.settings)), 5)
        with context.wrap_socket(plain) as sock:
            sock.sendall(json.dumps(request).encode())
            data = b""
            while True:
                part = sock.recv(65536)
                if not part:
                    return None
                data += part
                try:
                    return list(json.loads(data)["result"])
                except ValueError:
                    continue
    except (ssl.SSLError, ConnectionError):
        return None


def chassis(name: str) -> list[dict[str, Any]]:
    encap = {"type": "geneve", "ip": "192.0.2.7", "chassis_name": name}
    row = {"name": name, "encaps": ["named-uuid", "e"]}
    return [
        {"op": "insert", "table": "Encap", "uuid-name": "e", "row": encap},
        {"op": "insert", "table": "Chassis", "row": row},
    ]


def refused(answer: list[Any] | None) -> list[str]:
    """The errors in the answer to a host that was let in."""
    assert answer is not None
    return [each["error"] for each in answer if each and "error" in each]


READ = {"op": "select", "table": "Chassis", "where": [], "columns": ["name"]}


def test_hosts_are_let_in_and_shut_out(
    env: Environment, door: SouthboundDoor, tmp_path: Path
) -> None:
    second, third = (admitted(env, name, tmp_path / name) for name in ("h2", "h3"))
    look(env, door)
    (answer,) = ask(env, second, READ) or [None]
    assert answer == {"rows": []}
    # a host may be itself and nobody else
    assert not refused(ask(env, second, *chassis("h2")))
    assert refused(ask(env, third, *chassis("other")))
    assert ask(env, third, READ) == [{"rows": [{"name": "h2"}]}]

    ctx = rooms.context(env)
    record = records.named(ctx.session, "h2")
    assert record is not None
    membership.leave(record)
    ctx.commit()
    look(env, door)
    assert ask(env, second, READ) is None
    assert ask(env, third, READ) == [{"rows": []}], "its rows are gone, the other stays"


def test_only_certificates_for_this_database_are_taken(
    env: Environment, door: SouthboundDoor, tmp_path: Path
) -> None:
    look(env, door)
    former = admitted(env, "h2", tmp_path / "former")
    newer = admitted(env, "h2", tmp_path / "newer")
    agents = tmp_path / "agents"
    key, request = new_request()
    now = env.clock.now()
    signed = authority(env).sign_host(request, "id", "h2", now, api.timedelta(hours=1))
    agents.write_text(key + signed.pem)
    agents.with_suffix(".authority").write_text(authority(env).pem)
    assert ask(env, newer, READ) is not None
    assert ask(env, former, READ) is None
    assert ask(env, agents, READ) is None


def test_without_any_host_nobody_is_let_in(
    env: Environment, door: SouthboundDoor, tmp_path: Path
) -> None:
    second = admitted(env, "h2", tmp_path / "h2")
    look(env, door)
    assert ask(env, second, READ) is not None
    ctx = rooms.context(env)
    for name in ("h2", "h3"):
        record = records.named(ctx.session, name)
        assert record is not None
        membership.leave(record)
    ctx.commit()
    look(env, door)
    assert ask(env, second, READ) is None


def test_a_taken_port_is_told(
    env: Environment, door: SouthboundDoor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = central.southbound_port(env.settings)
    with socket.create_server((LISTEN, port)):

        def told() -> bool:  # the database server may not have tried yet
            look(env, door)
            return "is the port taken?" in caplog.text

        wait_until(told)
    second = admitted(env, "h2", tmp_path / "h2")
    wait_until(lambda: ask(env, second, READ) is not None)
    caplog.clear()
    look(env, door)
    assert "is the port taken?" not in caplog.text


def wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_hosts_may_ask_at_the_same_time(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "ovn")
    names = [f"h{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: trust.admit(name, f"authority of {name}\n"), names))
    text = trust.files.hosts.read_text()
    assert all(f"authority of {name}\n" in text for name in names)
    assert trust.shut_out(["h1", "unknown"]) and not trust.shut_out(["h1"])
    assert "authority of h1\n" not in trust.files.hosts.read_text()
    for name in ("", "../h1", ".hidden"):
        with pytest.raises(ValueError):
            trust.admit(name, "")


def test_who_gets_a_certificate(env: Environment) -> None:
    ctx = rooms.context(env)
    _, request = new_request()
    with pytest.raises(NotFound):
        api.admit(ctx, "unknown", request.encode())
    with pytest.raises(BadRequest):
        api.admit(ctx, "h2", b"junk")
    record = records.named(ctx.session, "h3")
    assert record is not None
    record.certificates = []  # as the host of the server's machine
    with pytest.raises(NotFound):
        api.admit(ctx, "h3", request.encode())
    ctx.close()


def test_other_clouds_have_no_southbound_database(tmp_path: Path) -> None:
    made = rooms.environment(tmp_path / "linux", {"listen": LISTEN})
    ctx = rooms.context(made)
    with pytest.raises(Conflict):
        api.admit(ctx, "h2", new_request()[1].encode())
    ctx.close()
    made.db.dispose()


def test_views_say_where_the_database_is(env: Environment, tmp_path: Path) -> None:
    ctx = rooms.context(env)
    view = host_view.compile_view(ctx, "h2")
    assert view.driver == "ovn"
    assert view.southbound is not None and view.southbound.admitted == ""
    assert view.southbound.port == central.southbound_port(env.settings)
    assert host_view.compile_view(ctx, socket.gethostname()).southbound is None
    ctx.close()
    admitted(env, "h2", tmp_path / "h2")
    ctx = rooms.context(env)
    view = host_view.compile_view(ctx, "h2")
    assert view.southbound is not None and view.southbound.admitted
    ctx.close()


def test_gateways_have_the_routers_host_first_and_live_ones_after_it(env: Environment) -> None:
    ctx = rooms.context(env)
    placement.place(ctx, placement.ROUTER, "r1", "h3")
    assert gateway_hosts.of_routers(ctx, ["r1", "r2"]) == {"r1": ["h3", "h2"]}
    record = records.named(ctx.session, "h2")
    assert record is not None
    record.state = records.DRAINING
    ctx.session.flush()
    ctx.session.info.clear()
    assert gateway_hosts.of_routers(ctx, ["r1"]) == {"r1": ["h3"]}
    ctx.close()


def test_networks_fit_into_tunnels(env: Environment) -> None:
    """GENEVE adds 58 bytes; a network may be older than the setting and have 1450."""
    settings = env.settings.of(NetworkSettings)
    assert types.driver("vxlan").mtu(settings, "") == 1442
    row = NetworkRow("n", "p", True, False, 1450, "vxlan", "", 5000, False, None)
    assert ovn_hosts.fitting(settings, row).mtu == 1442
    small = msgspec.structs.replace(row, mtu=1400)
    assert ovn_hosts.fitting(settings, small).mtu == 1400


def test_hosts_are_dead_when_they_do_not_answer() -> None:
    look, woken = gateway_watch.Suspicion().look, list[str]()
    # tunnels to both are interrupted; both are asked at once, and one answers
    assert (
        look(100.0, {"lively": 4.0, "dead": 4.0, "apart": 4.0}, {"lively", "dead"}, woken.append)
        == set()
    )
    assert woken == ["lively", "dead"]
    assert look(100.5, {"lively": 0.3, "dead": 4.5}, {"lively", "dead"}, woken.append) == set()
    assert look(101.1, {"lively": 0.9, "dead": 5.1}, {"lively", "dead"}, woken.append) == {"dead"}
    # without gateways its tunnels are not watched
    assert look(104.0, {"lively": 2.0, "dead": 8.0}, set(), woken.append) == {"dead"}
    assert look(120.0, {"lively": 1.0, "dead": 0.5}, set(), woken.append) == set()
    assert woken == ["lively", "dead", "lively"]


def test_an_agent_that_is_started_again_is_not_dead() -> None:
    look, woken = gateway_watch.Suspicion().look, list[str]()
    assert look(100.0, {"restarting": 9.0}, set(), woken.append) == set() and not woken
    assert look(107.0, {"restarting": 16.0}, set(), woken.append) == {"restarting"}


def test_gateways_leave_dead_hosts(env: Environment) -> None:
    ctx = rooms.context(env)
    placement.place(ctx, placement.ROUTER, "r1", "h3")
    silent = gateway_hosts.SILENT.of(env)
    silent.hosts = frozenset({"h3"})
    assert gateway_hosts.of_routers(ctx, ["r1"]) == {"r1": ["h2"]}
    silent.hosts = frozenset({"h2", "h3"})  # then it is not the hosts that are silent
    assert gateway_hosts.of_routers(ctx, ["r1"]) == {"r1": ["h3"]}
    ctx.close()


def test_a_silent_agent_is_noticed(env: Environment) -> None:
    hints: list[str] = []
    env.hints.listen(host_hints.NORTHBOUND, hints.append)
    env.clock = clock = SimulatedClock(env.clock.now())
    watch = gateway_watch.GatewayWatch()
    assert env.agents is not None
    env.agents.add_waiter("h2", lambda: None)()
    ctx = rooms.context(env)
    assert list(watch.keys(ctx)) == []
    clock.advance(20)
    (key,) = watch.keys(ctx)
    watch.reconcile(ctx, key)
    ctx.commit()
    assert gateway_hosts.SILENT.of(env).hosts == {"h2"} and hints == [WHOLE]
    env.agents.add_waiter("h2", lambda: None)()
    ctx = rooms.context(env)
    (key,) = watch.keys(ctx)
    watch.reconcile(ctx, key)
    ctx.commit()
    assert not gateway_hosts.SILENT.of(env).hosts and len(hints) == 2
