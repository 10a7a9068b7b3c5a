"""`diagnose server` and `network map`: what the control plane and simulated hosts answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stratolith.deploy import network_map
from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.hosts.records import HostRecord
from stratolith.network.models import Place
from tests.testcloud import Client, TestCloud


@pytest.fixture
def live(tmp_path) -> Iterator[TestCloud]:
    made = TestCloud(tmp_path)
    made.agent = AgentCaller("anywhere", is_local=True)
    made.start_hosts()
    yield made
    made.close()


@pytest.fixture
def demo(live: TestCloud) -> Client:
    return live.client("demo")


def boot(live: TestCloud, demo: Client, name: str = "web") -> dict[str, Any]:
    image = demo.get("image", "/images").json()["images"][0]["id"]
    network = demo.get("network", "/networks?name=private").json()["networks"][0]["id"]
    body = {"name": name, "imageRef": image, "flavorRef": "42", "networks": [{"uuid": network}]}
    made = demo.post("compute", "/servers", json={"server": body}).json()["server"]

    def shown() -> dict[str, Any] | None:
        server = demo.get("compute", f"/servers/{made['id']}").json()["server"]
        return server if server["status"] == "ACTIVE" else None

    server: dict[str, Any] = live.wait(shown)
    return server


def diagnosed(live: TestCloud, name: str) -> Any:
    return live.http.post(f"/agent/v1/cloud/servers/{name}/diagnosis")


def hops(answer: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    return {hop["name"]: (hop["passed"], hop["host"]) for hop in answer["ports"][0]["hops"]}


def test_the_hops_of_a_healthy_server(live: TestCloud, demo: Client) -> None:
    server = boot(live, demo)
    for name in ("web", server["id"]):
        answer = diagnosed(live, name).json()
        assert answer["server"]["id"] == server["id"] and answer["hop"]["passed"]
        names = hops(answer)
        assert names["port"] == (True, "") and names["link"][0] is names["gateway"][0] is True
        assert names["floating ip"][0] is None
        assert list(names) == ["port", "link", "gateway", "floating ip", "security group"]


def test_a_stopped_server_fails_at_once(live: TestCloud, demo: Client) -> None:
    server = boot(live, demo)
    demo.post("compute", f"/servers/{server['id']}/action", json={"os-stop": None})

    def stopped() -> bool:
        shown = demo.get("compute", f"/servers/{server['id']}").json()["server"]
        return shown["status"] == "SHUTOFF"

    live.wait(stopped)
    answer = diagnosed(live, "web").json()
    assert not answer["hop"]["passed"] and server["id"] in answer["hop"]["advice"]


def test_a_router_without_a_host_and_a_dead_host(live: TestCloud, demo: Client) -> None:
    boot(live, demo)
    with live.env.db.write() as session:
        session.query(Place).delete()
    answer = diagnosed(live, "web").json()
    failed = [hop for hop in answer["ports"][0]["hops"] if hop["passed"] is False]
    assert [hop["name"] for hop in failed] == ["gateway"] and failed[0]["advice"]


def test_other_machines_may_not_ask(live: TestCloud) -> None:
    live.agent = AgentCaller("second", serial="1")
    assert diagnosed(live, "web").status_code == 403
    assert live.http.get("/agent/v1/cloud/network-map").status_code == 403


def test_names_that_mean_no_server_or_several(live: TestCloud, demo: Client) -> None:
    assert diagnosed(live, "nothing").status_code == 404
    boot(live, demo)
    boot(live, demo)
    answer = diagnosed(live, "web")
    assert answer.status_code == 409 and "id" in answer.text


def test_the_map_names_what_is_connected(live: TestCloud, demo: Client) -> None:
    boot(live, demo, "<web>")
    hosts = live.http.get("/agent/v1/cloud/network-map").json()["hosts"]
    with live.env.db.read() as session:
        assert [host["host"] for host in hosts] == [session.query(HostRecord).one().name]
    networks = {n["name"]: n for bridge in hosts[0]["bridges"] for n in bridge["networks"]}
    kinds = {device["kind"] for device in networks["private"]["devices"]}
    assert kinds == {"guest", "router", "dhcp"}
    assert [device["kind"] for device in networks["public"]["devices"]] == ["gateway"]
    assert hosts[0]["bridges"][0]["physical_network"] == "physnet1"


def test_the_drawing_escapes_what_users_typed() -> None:
    network = {"id": "1", "name": "<b>\x1b]\n", "type": "vxlan", "segmentation_id": 1, "mtu": 1450,
               "subnets": ["10.0.0.0/24"], "tunnels": [], "devices": []}  # fmt: skip
    bridge = {"bridge": "brq", "physical_network": None, "addresses": [], "nat": False,
              "networks": [network]}  # fmt: skip
    node = network_map._of_host({"host": "h", "alive": True, "driver": "linux",
                                 "bridges": [bridge]})  # fmt: skip
    lines = list(network_map.text_lines(node))
    assert lines[2] == "   └─ network <b>?]? (vxlan 1, MTU 1450) 10.0.0.0/24"
    picture = network_map.drawing([node])
    assert "<b>" not in picture and "&lt;b&gt;" in picture and "\x1b" not in picture
