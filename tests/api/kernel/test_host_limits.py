"""A host gets what is its own and tells of what is its own: each route of the agent API by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stratolith.compute.drivers.fake import FakeDriver
from stratolith.compute.models import Server
from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.agent.join import ROUTES
from stratolith.kernel.agent.server import agent_service
from stratolith.kernel.clock import utcnow
from stratolith.kernel.hosts.questions import Question
from stratolith.network.models import FloatingIp, Port, Router
from tests.testcloud import Client, TestCloud

MINE, OTHER = "host-a", "host-b"


class Cloud:
    """Two hosts; a server on each, on one network; all routers are on the first host."""

    def __init__(self, cloud: TestCloud) -> None:
        self.cloud, self.demo = cloud, cloud.client("demo")
        hub = cloud.env.agents
        assert hub is not None
        facts = msgspec.to_builtins(FakeDriver().facts())
        facts["capabilities"] = {}
        for name in (MINE, OTHER):
            hub.seen(name, "1", ["guests", "questions", "network"], utcnow())
            hub.report(name, "guests", {"facts": facts})
        self.server = {name: self.boot(name) for name in (MINE, OTHER)}
        self.port = {name: self.port_of(server) for name, server in self.server.items()}

    def boot(self, host: str) -> str:
        server = {"name": "s", "imageRef": "", "flavorRef": "1", "host": host}
        images = self.demo.get("image", "/images").json()["images"]
        server["imageRef"] = images[0]["id"] if images else self.image()
        server["networks"] = "auto"
        admin = self.cloud.client("admin", "demo")
        made = admin.post("compute", "/servers", json={"server": server}, microversion="2.74")
        assert made.status_code == 202, made.text
        return str(made.json()["server"]["id"])

    def image(self) -> str:
        body = {"name": "i", "disk_format": "raw", "container_format": "bare"}
        made = self.demo.post("image", "/images", json=body).json()["id"]
        headers = {"Content-Type": "application/octet-stream"}
        self.demo.put("image", f"/images/{made}/file", content=b"x" * 512, headers=headers)
        return str(made)

    def port_of(self, server: str) -> str:
        found = self.demo.get("network", f"/ports?device_id={server}").json()["ports"]
        return str(found[0]["id"])

    def ask(self, method: str, path: str, as_host: str = MINE, **options: Any) -> Any:
        self.cloud.agent = AgentCaller(as_host)
        return self.cloud.http.request(method, f"/agent{path}", **options)

    def row(self, model: Any, key: str) -> Any:
        with self.cloud.env.db.read() as session:
            found = session.query(model).filter_by(id=key).first()
            session.expunge_all()
            return found


@pytest.fixture
def two(cloud: TestCloud) -> Iterator[Cloud]:
    yield Cloud(cloud)


def host_routes(cloud: TestCloud) -> list[tuple[str, str]]:
    """(method, path) of every route of the agent API that names a host."""
    routes = agent_service(cloud.env.services).routes
    return sorted({(r.method, r.path) for r in routes if "{host}" in r.path})


def filled(path: str, host: str) -> str:
    names = {"view": "guests", "version": "latest", "name": "meta_data.json", "number": "0000"}
    names |= {"path:path": "hostname"}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{host}", host)


def test_no_route_serves_another_host(two: Cloud) -> None:
    routes = host_routes(two.cloud)
    assert len(routes) > 12
    for method, path in routes:
        answer = two.ask(method, filled(path, OTHER))
        assert answer.status_code == 403, (method, path, answer.text)
        assert MINE in answer.text and OTHER in answer.text


def test_a_machine_without_a_certificate_may_only_ask_to_join(two: Cloud) -> None:
    service = agent_service(two.cloud.env.services)
    for route in service.routes:
        path = filled(route.path, MINE).replace("{image_id}", "x")
        answer = two.ask(route.method, path, "")
        wanted = {"/v1/authority": 200, "/v1/join": 400}.get(path, 401)
        assert answer.status_code == wanted, (route, answer.text)
    assert two.ask("GET", "/v1/nothing", "").status_code == 401


@pytest.mark.parametrize("path", [r.path for r in ROUTES if r.path.startswith("/v1/cloud/")])
def test_what_is_for_the_administrator_is_for_no_host(two: Cloud, path: str) -> None:
    for route in ROUTES:
        if route.path == path:
            answer = two.ask(route.method, path.replace("{name}", OTHER))
            assert answer.status_code == 403


def test_the_view_of_guests_has_those_of_the_host(two: Cloud) -> None:
    view = two.ask("POST", f"/v1/hosts/{MINE}/views/guests", json={"keys": None}).json()
    assert [one["id"] for one in view["guests"]] == [two.server[MINE]]
    asked = {"keys": [two.server[OTHER]]}
    view = two.ask("POST", f"/v1/hosts/{MINE}/views/guests", json=asked).json()
    assert view["guests"] == [] and view["absent"] == [two.server[OTHER]]


def test_the_view_of_networks_has_ports_of_the_host(two: Cloud) -> None:
    view = two.ask("POST", f"/v1/hosts/{OTHER}/views/network", OTHER, json={}).json()
    assert view.get("routers", []) == []
    ports = [port["id"] for net in view["networks"] for port in net["ports"]]
    assert ports == [two.port[OTHER]]


def test_a_report_changes_no_guest_of_another_host(two: Cloud) -> None:
    theirs = two.server[OTHER]
    before = two.row(Server, theirs)
    report = {
        "guests": [{"id": theirs, "power": "shutdown", "vifs": [], "detail": ""}],
        "gone": [theirs],
        "faults": [{"id": theirs, "message": "no"}],
        "restarts": [{"id": theirs, "detail": "no"}],
        "left_out": {theirs: "no"},
        "unknown": [theirs],
    }
    assert two.ask("POST", f"/v1/hosts/{MINE}/reports/guests", json=report).status_code == 200
    after = two.row(Server, theirs)
    for column in Server.__table__.columns:
        assert getattr(after, column.name) == getattr(before, column.name), column.name


def test_a_report_wires_no_port_of_another_host(two: Cloud) -> None:
    applied = {"generation": 1, "ports": [two.port[OTHER]]}
    answer = two.ask("POST", f"/v1/hosts/{MINE}/reports/network", json=applied)
    assert answer.status_code == 200
    assert two.row(Port, two.port[OTHER]).status == "DOWN"
    applied = {"generation": 1, "errors": {two.port[OTHER]: "no"}}
    two.ask("POST", f"/v1/hosts/{MINE}/reports/network", json=applied)
    assert two.row(Port, two.port[OTHER]).status == "DOWN"


def test_only_the_host_of_the_routers_tells_of_routers(two: Cloud) -> None:
    with two.cloud.env.db.read() as session:
        router = session.query(Router).first()
        assert router is not None
        router_id, status = router.id, router.status
    public = two.demo.get("network", "/networks?router:external=true").json()["networks"][0]
    body = {"floatingip": {"floating_network_id": public["id"], "port_id": two.port[MINE]}}
    floating = two.demo.post("network", "/floatingips", json=body).json()["floatingip"]["id"]
    told = {"generation": 1, "errors": {router_id: "no", floating: "no"}}
    two.ask("POST", f"/v1/hosts/{OTHER}/reports/network", OTHER, json=told)
    assert two.row(Router, router_id).status == status != "ERROR"
    assert two.row(FloatingIp, floating).status != "ERROR"
    two.ask("POST", f"/v1/hosts/{MINE}/reports/network", json=told)
    assert two.row(Router, router_id).status == "ERROR"


def test_questions_are_answered_by_the_host_that_was_asked(two: Cloud) -> None:
    with two.cloud.env.db.write() as session:
        session.add(
            Question(id="r1", host=OTHER, kind="guests.console", params={}, created_at=utcnow())
        )
    view = two.ask("POST", f"/v1/hosts/{MINE}/views/questions", json={}).json()
    assert view == {}
    two.ask("POST", f"/v1/hosts/{MINE}/reports/questions", json={"r1": {"output": "no"}})
    assert two.row(Question, "r1").answer is None


def test_image_data_is_for_hosts_whose_guests_use_the_image(two: Cloud) -> None:
    used = two.row(Server, two.server[MINE]).image_id
    unused = two.image()
    assert two.ask("GET", f"/v1/images/{used}").status_code == 200
    assert two.ask("GET", f"/v1/images/{unused}").status_code == 404
    assert two.ask("GET", f"/v1/images/{used}", "host-c").status_code == 404


def test_metadata_is_for_hosts_that_serve_the_guest(two: Cloud, admin: Client) -> None:
    server = two.row(Server, two.server[OTHER])
    headers = {"x-instance-id": server.id, "x-tenant-id": server.project_id}
    path = "/metadata/openstack/latest/meta_data.json"
    # its own host, and the host of the router of its network
    for host in (OTHER, MINE):
        answer = two.ask("GET", f"/v1/hosts/{host}{path}", host, headers=headers)
        assert answer.json()["uuid"] == server.id
    answer = two.ask("GET", f"/v1/hosts/host-c{path}", "host-c", headers=headers)
    assert answer.status_code == 403
    strange = {**headers, "x-tenant-id": "another"}
    assert two.ask("GET", f"/v1/hosts/{OTHER}{path}", OTHER, headers=strange).status_code == 403
    root = two.ask("GET", f"/v1/hosts/{OTHER}/metadata/", OTHER, headers=headers)
    assert root.text.endswith("latest")
    answer = two.ask("GET", f"/v1/hosts/{OTHER}/metadata/latest/no/", OTHER, headers=headers)
    assert answer.status_code == 404
    # on the metadata port nobody is believed without a signature
    two.cloud.agent = AgentCaller(OTHER)
    plain = two.cloud.http.get("/metadata/openstack/latest/meta_data.json", headers=headers)
    assert plain.status_code == 403


def test_a_row_tells_what_a_host_is(two: Cloud, tmp_path: Path) -> None:
    two.cloud.start_hosts()
    two.cloud.agent = AgentCaller("here", is_local=True)

    def own() -> Any:
        found = two.cloud.http.get("/agent/v1/cloud/hosts").json()["hosts"]
        return [one for one in found if one["drivers"]]

    (host,) = two.cloud.wait(own)
    assert host["state"] == "active"
    assert host["drivers"] == {"guests": "fake", "network": "fake"}
    assert "guests.console_output" in host["capabilities"]
    assert host["architecture"] and host["fingerprint"] == ""
