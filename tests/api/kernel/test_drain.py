"""A host is drained: what is on it stays, nothing new comes, until it is active again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stratolith.compute.drivers.fake import FakeDriver
from stratolith.deploy import hosts
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.kernel.agent.client import Refused
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.clock import utcnow
from stratolith.kernel.exceptions import Conflict
from stratolith.kernel.hosts import records
from tests.api.kernel.joining import Served, served
from tests.testcloud import Client, TestCloud

ALL = (records.JOINING, records.ACTIVE, records.DRAINING, records.LEFT)


@pytest.fixture
def door(cloud: TestCloud, tmp_path: Path) -> Iterator[Served]:
    cloud.start_hosts()
    with served(cloud.env, tmp_path) as found:
        yield found


@pytest.fixture
def admin(cloud: TestCloud, door: Served) -> Client:
    found = cloud.client("admin")
    cloud.wait(lambda: found.get("compute", "/os-hypervisors").json()["hypervisors"])
    return found


def host_of(admin: Client) -> str:
    found = admin.get("compute", "/os-hypervisors/detail").json()["hypervisors"]
    return str(found[0]["service"]["host"])


def listed(door: Served, name: str) -> dict[str, object]:
    found = door.as_admin("GET", "/v1/cloud/hosts").json()["hosts"]
    return next(one for one in found if one["name"] == name)


def service(admin: Client, host: str) -> dict[str, object]:
    path = f"/os-services?host={host}&binary=nova-compute"
    return dict(admin.get("compute", path, microversion="2.53").json()["services"][0])


def make(cloud: TestCloud, admin: Client, name: str) -> dict[str, Any]:
    """A server that came to rest."""
    images = admin.get("image", "/images").json()["images"]
    body = {"name": name, "imageRef": images[0]["id"], "flavorRef": "1", "networks": "none"}
    answer = admin.post("compute", "/servers", json={"server": body}, microversion="2.37")
    assert answer.status_code == 202, answer.text
    path = f"/servers/{answer.json()['server']['id']}"
    return dict(
        cloud.wait(
            lambda: (
                found
                if (found := admin.get("compute", path).json()["server"])["status"] != "BUILD"
                else None
            )
        )
    )


def test_a_draining_host_keeps_its_servers_and_gets_no_new_ones(
    cloud: TestCloud, door: Served, admin: Client
) -> None:
    host = host_of(admin)
    before = make(cloud, admin, "before")
    assert before["status"] == "ACTIVE"
    for _ in range(2):  # said twice, it is as said once
        assert door.as_admin("POST", f"/v1/cloud/hosts/{host}/drain").status_code == 204
    assert (listed(door, host)["state"], listed(door, host)["draining"]) == ("draining", True)
    shown = service(admin, host)
    assert (shown["status"], shown["state"]) == ("disabled", "up")
    assert shown["disabled_reason"] == "the host is draining"
    hypervisor = admin.get("compute", "/os-hypervisors/detail").json()["hypervisors"][0]
    assert hypervisor["status"] == "disabled"
    assert hypervisor["service"]["disabled_reason"] == "the host is draining"
    assert host not in [
        one["host_name"] for one in admin.get("compute", "/os-hosts").json()["hosts"]
        if one["service"] == "compute"
    ]  # fmt: skip
    refused = make(cloud, admin, "refused")
    assert refused["status"] == "ERROR"
    assert "the host is draining" in refused["fault"]["details"]

    path = f"/servers/{before['id']}"
    reboot = admin.post("compute", f"{path}/action", json={"reboot": {"type": "HARD"}})
    assert reboot.status_code == 202
    cloud.wait(lambda: admin.get("compute", path).json()["server"]["status"] == "ACTIVE")

    assert door.as_admin("POST", f"/v1/cloud/hosts/{host}/activate").status_code == 204
    assert listed(door, host)["state"] == "active"
    assert service(admin, host)["status"] == "enabled"
    assert make(cloud, admin, "after")["status"] == "ACTIVE"


def test_compute_cannot_enable_what_drains_and_keeps_its_own_word(
    door: Served, admin: Client
) -> None:
    host = host_of(admin)
    path = f"/os-services/{service(admin, host)['id']}"
    own = {"status": "disabled", "disabled_reason": "repair"}
    assert admin.put("compute", path, json=own, microversion="2.53").status_code == 200
    door.as_admin("POST", f"/v1/cloud/hosts/{host}/drain")
    assert service(admin, host)["disabled_reason"] == "repair"
    for refused in (
        admin.put("compute", path, json={"status": "enabled"}, microversion="2.53"),
        admin.put("compute", "/os-services/enable", json={"host": host, "binary": "nova-compute"}),
        admin.put("compute", f"/os-hosts/{host}", json={"status": "enable"}),
    ):
        assert refused.status_code == 409, refused.text
        assert "host activate" in refused.text
    door.as_admin("POST", f"/v1/cloud/hosts/{host}/activate")
    assert (service(admin, host)["status"], service(admin, host)["disabled_reason"]) == (
        "disabled",
        "repair",
    )
    assert (
        admin.put("compute", path, json={"status": "enabled"}, microversion="2.53").status_code
        == 200
    )
    assert service(admin, host)["status"] == "enabled"


def test_a_heartbeat_does_not_end_it_and_down_is_still_seen(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    for verb in ("drain", "activate"):  # not heard of yet
        assert door.as_admin("POST", f"/v1/cloud/hosts/host-a/{verb}").status_code == 409
        assert door.as_admin("POST", f"/v1/cloud/hosts/host-z/{verb}").status_code == 404
    agent.seen("host-a", "1", [], utcnow())
    door.as_admin("POST", "/v1/cloud/hosts/host-a/drain")
    agent.seen("host-a", "1", [], utcnow())
    assert listed(door, "host-a")["state"] == "draining"
    with door.env.db.write() as session:
        found = records.named(session, "host-a")
        assert found is not None
        found.last_seen_at = found.joined_at.replace(year=2020)
    assert (listed(door, "host-a")["state"], listed(door, "host-a")["draining"]) == ("down", True)
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 204


def test_only_the_administrator_drains(door: Served, tmp_path: Path) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", [], utcnow())
    for verb in ("drain", "activate"):
        with pytest.raises(Refused, match="403"):
            agent._ask("POST", f"/v1/cloud/hosts/host-a/{verb}")
    assert listed(door, "host-a")["state"] == "active"


def test_the_commands(door: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", [], utcnow())
    layout = Layout(tmp_path, door.path.parent, tmp_path / "none.yaml", tmp_path)
    assert layout.settings().agent_socket == door.path
    assert hosts.drain(layout, "host-a") == 0
    assert "keeps its servers" in capsys.readouterr().out
    assert hosts.show(layout, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("host-a")).split()[1] == "draining"
    assert hosts.activate(layout, "host-a") == 0
    assert "takes servers" in capsys.readouterr().out


def test_the_machine_of_the_server_is_not_removed(door: Served, admin: Client) -> None:
    host = host_of(admin)
    for query in ("", "?force=true"):
        answer = door.as_admin("DELETE", f"/v1/cloud/hosts/{host}{query}")
        assert answer.status_code == 409 and f"host drain {host}" in answer.text
    assert (listed(door, host)["state"], service(admin, host)["status"]) == ("active", "enabled")


def test_a_host_that_joins_again_takes_servers(
    cloud: TestCloud, door: Served, admin: Client, tmp_path: Path
) -> None:
    facts = {"facts": msgspec.to_builtins(FakeDriver().facts())}
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", ["guests"], utcnow())
    agent.report("host-a", "guests", facts)
    images = admin.get("image", "/images").json()["images"]
    body = {"name": "s", "imageRef": images[0]["id"], "flavorRef": "1", "networks": "none"}
    body["host"] = "host-a"
    answer = admin.post("compute", "/servers", json={"server": body}, microversion="2.74")
    assert answer.status_code == 202, answer.text
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 409
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a?force=true").status_code == 204
    assert service(admin, "host-a")["disabled_reason"] == "the host left the cloud"
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", ["guests"], utcnow())
    agent.report("host-a", "guests", facts)
    shown = service(admin, "host-a")
    assert (shown["status"], shown["disabled_reason"], shown["state"]) == ("enabled", None, "up")


def test_a_hypervisor_has_the_address_of_its_host(
    door: Served, admin: Client, tmp_path: Path
) -> None:
    agent = door.join(tmp_path / "a", "host-a")
    agent.seen("host-a", "1", ["guests"], utcnow(), Offers(tunnel_address="192.0.2.7"))
    agent.report("host-a", "guests", {"facts": msgspec.to_builtins(FakeDriver().facts())})
    shown = admin.get("compute", "/os-hypervisors/detail").json()["hypervisors"]
    addresses = {row["hypervisor_hostname"]: row["host_ip"] for row in shown}
    assert addresses == {host_of(admin): "127.0.0.1", "host-a": "192.0.2.7"}


def test_the_address_of_a_token_is_checked(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path, tmp_path / "none.yaml", tmp_path)
    for address in ("foo bar", "", "a/b", "300.1.1.1", "192.0.2.0/24", "-a", "a:8702", "a\n"):
        with pytest.raises(DeployError, match="neither an IP address nor the name"):
            hosts.create_token(layout, minutes=1, address=address)
    for address in ("192.0.2.1", "2001:db8::1", "server-1.example.org", "server"):
        with pytest.raises(DeployError, match="listens on the loopback address"):
            hosts.create_token(layout, minutes=1, address=address)


def test_the_name_of_a_host_that_left_is_known(door: Served, tmp_path: Path) -> None:
    door.join(tmp_path / "a", "host-a").seen("host-a", "1", [], utcnow())
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 204
    paths = [("POST", "/drain"), ("POST", "/activate"), ("DELETE", "")]
    for method, verb in paths:
        answer = door.as_admin(method, f"/v1/cloud/hosts/host-a{verb}")
        assert (answer.status_code, "has left the cloud" in answer.text) == (404, True)
        answer = door.as_admin(method, f"/v1/cloud/hosts/host-x{verb}")
        assert (answer.status_code, "There is no host host-x" in answer.text) == (404, True)


@pytest.mark.parametrize("now", ALL)
def test_every_step_there_is(now: str) -> None:
    allowed = {
        records.JOINING: {records.JOINING, records.ACTIVE, records.LEFT},
        records.ACTIVE: {records.ACTIVE, records.DRAINING, records.LEFT},
        records.DRAINING: {records.DRAINING, records.ACTIVE, records.LEFT},
        records.LEFT: {records.JOINING, records.ACTIVE},
    }[now]
    for then in ALL:
        record = records.new_record(socket.gethostname(), now, utcnow())
        if then in allowed:
            records.move(record, then)
            assert record.state == then
        else:
            with pytest.raises(Conflict, match=f"is {now}: it cannot become {then}"):
                records.move(record, then)
