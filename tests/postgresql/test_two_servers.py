"""Two server processes on one database are one cloud."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from stratolith.kernel.members.peers import BEAT_SECONDS
from tests.api.compute.test_metadata_door import signed
from tests.postgresql.servers import SECRETS, Server, until

Pair = list[Server]


class Person:
    """A user with a project and a role of its own, and the ways to lose a token."""

    def __init__(self, server: Server, admin: str) -> None:
        self.server, self.admin = server, admin
        self.name, self.password = f"u-{uuid4().hex}", uuid4().hex
        self.project_id = self._made("project", {"name": self.name})
        self.id = self._made("user", {"name": self.name, "password": self.password})
        self.role_id = self._made("role", {"name": self.name})
        self.grant = f"/projects/{self.project_id}/users/{self.id}/roles/{self.role_id}"
        self._done("PUT", self.grant)
        self.token = ""

    def log_in(self) -> str:
        self.token = self.server.log_in(self.name, self.name, self.password)
        return self.token

    def change_password(self) -> None:
        path, after = f"/users/{self.id}/password", uuid4().hex
        values = {"original_password": self.password, "password": after}
        self._done("POST", path, json={"user": values})
        self.password = after

    def disable(self) -> None:
        self._changed("user", self.id)

    def disable_project(self) -> None:
        self._changed("project", self.project_id)

    def lose_role(self) -> None:
        self._done("DELETE", self.grant)

    def lose_project(self) -> None:
        self._done("DELETE", f"/projects/{self.project_id}")

    def log_out(self) -> None:
        headers = {"X-Auth-Token": self.token, "X-Subject-Token": self.token}
        answer = self.server.http.delete("/identity/v3/auth/tokens", headers=headers)
        assert answer.status_code == 204

    def _made(self, kind: str, values: dict[str, object]) -> str:
        return str(self.server.made(f"/identity/v3/{kind}s", self.admin, {kind: values})["id"])

    def _changed(self, kind: str, id_: str) -> None:
        path, document = f"/identity/v3/{kind}s/{id_}", {kind: {"enabled": False}}
        answer = self.server.call("PATCH", path, self.admin, json=document)
        assert answer.status_code == 200, answer.text

    def _done(self, method: str, path: str, **options: object) -> None:
        answer = self.server.call(method, f"/identity/v3{path}", self.admin, **options)
        assert answer.status_code == 204, answer.text


LOSSES: list[Callable[[Person], None]] = [
    Person.change_password,
    Person.disable,
    Person.disable_project,
    Person.lose_role,
    Person.lose_project,
    Person.log_out,
]


def test_a_token_of_one_is_valid_on_the_other(pair: Pair) -> None:
    a, b = pair
    assert b.accepts(a.log_in())
    assert a.accepts(b.log_in("demo", "demo"))


@pytest.mark.parametrize("lose", LOSSES, ids=lambda one: one.__name__)
def test_what_one_revokes_the_other_refuses_at_once(
    pair: Pair, lose: Callable[[Person], None]
) -> None:
    for here, there in (pair, pair[::-1]):
        admin = here.log_in()
        for _ in range(3):
            person = Person(here, admin)
            token = person.log_in()
            assert there.accepts(token)
            assert there.accepts(token)  # from its cache
            lose(person)
            assert not there.accepts(token)


def test_a_write_waits_for_the_other_only_as_long_as_it_takes(pair: Pair) -> None:
    a, _ = pair
    admin = a.log_in()
    started = time.monotonic()
    for _ in range(20):
        Person(a, admin)
    assert (time.monotonic() - started) / 80 < 0.1, "seconds for one acknowledged write"


def test_a_server_made_through_one_is_active_through_the_other(pair: Pair) -> None:
    """The simulated host works with the first; hints of the second wake it."""
    a, b = pair
    token, admin = b.log_in("demo", "demo"), a.log_in()
    api = "/compute/v2.1"
    until(lambda: a.call("GET", f"{api}/os-hypervisors", admin).json()["hypervisors"])
    network = b.made("/networking/v2.0/networks", token, {"network": {"name": "n"}})["id"]
    subnet = {"network_id": network, "cidr": "10.9.0.0/24", "ip_version": 4}
    b.made("/networking/v2.0/subnets", token, {"subnet": subnet})
    flavor = b.call("GET", f"{api}/flavors", token).json()["flavors"][0]["id"]
    wanted = {
        "name": "s",
        "flavorRef": flavor,
        "imageRef": _image(b, admin),
        "networks": [{"uuid": network}],
    }
    for here, there in ((b, a), (a, b)):
        started = time.monotonic()
        made = here.made(f"{api}/servers", token, {"server": wanted})
        path = f"{api}/servers/{made['id']}"

        def active(server: Server = there, path: str = path) -> bool:
            found = server.call("GET", path, token).json()["server"]
            assert found["status"] != "ERROR", found
            return bool(found["status"] == "ACTIVE")

        until(active)
        assert time.monotonic() - started < 10, "a hint got lost: only a full look found it"
        assert there.call("DELETE", path, token).status_code == 204
        _wait_gone(here, path, token)


def test_what_guests_are_told_changes_on_both_at_once(pair: Pair) -> None:
    """Each keeps a guest's metadata for some seconds; a change at the other ends that."""
    a, b = pair
    token, admin = a.log_in("demo", "demo"), a.log_in()
    api = "/compute/v2.1"
    path = f"{api}/servers/{_make_server(a, token, admin)}"
    owner = a.call("GET", path, token).json()["server"]["tenant_id"]
    headers = signed(path.rpartition("/")[2], owner, SECRETS["metadata_secret"])

    def told(server: Server) -> object:
        found = server.http.get("/metadata/openstack/latest/meta_data.json", headers=headers)
        return found.json().get("meta", {})

    for here, there in ((a, b), (b, a)):
        for number in range(5):
            told(here), told(there)
            metadata = {"metadata": {"number": f"{number} at {here.port}"}}
            answer = here.call("PUT", f"{path}/metadata", token, json=metadata)
            assert answer.status_code == 200, answer.text
            assert (told(there), told(here)) == (metadata["metadata"], metadata["metadata"])
    assert a.call("DELETE", path, token).status_code == 204
    _wait_gone(b, path, token)


def test_an_agent_that_waits_at_one_is_woken_by_the_other(pair: Pair) -> None:
    """The long poll of a host's agent, over the socket of the server it works with."""
    a, b = pair
    token, admin = a.log_in("demo", "demo"), a.log_in()
    until(lambda: a.call("GET", "/compute/v2.1/os-hypervisors", admin).json()["hypervisors"])
    # whatever the two still have to tell each other is over when both have beaten once more
    time.sleep(2 * BEAT_SECONDS)
    with httpx.Client(
        transport=httpx.HTTPTransport(uds=str(b.place / "run" / "agent.sock")),
        base_url="http://agent",
        timeout=30,
    ) as agent:
        path = f"/v1/hosts/{socket.gethostname()}/hints"  # who comes by the socket is this host
        first = agent.get(path).json()
        assert first["everything"]
        place = {"epoch": first["epoch"], "after": first["seq"], "timeout": 20}
        with ThreadPoolExecutor(1) as pool:
            news = pool.submit(agent.get, path, params=place)
            time.sleep(0.3)
            assert not news.done()
            started = time.monotonic()
            made = _make_server(a, token, admin)
            found = news.result(20).json()
    assert time.monotonic() - started < 3
    assert not found.get("everything")
    assert ["guests", made] in [hint[-2:] for hint in found["hints"]]
    assert a.call("DELETE", f"/compute/v2.1/servers/{made}", token).status_code == 204
    _wait_gone(b, f"/compute/v2.1/servers/{made}", token)


def _make_server(server: Server, token: str, admin: str) -> str:
    """The id of a server without a network; a host must be there."""
    api = "/compute/v2.1"
    until(lambda: server.call("GET", f"{api}/os-hypervisors", admin).json()["hypervisors"])
    flavor = server.call("GET", f"{api}/flavors", token).json()["flavors"][0]["id"]
    wanted = {
        "name": "s",
        "flavorRef": flavor,
        "imageRef": _image(server, admin),
        "networks": "none",
    }
    headers = {"X-Auth-Token": token, "OpenStack-API-Version": "compute 2.37"}
    answer = server.http.post(f"{api}/servers", headers=headers, json={"server": wanted})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["server"]["id"])


def _wait_gone(server: Server, path: str, token: str) -> None:
    until(lambda: server.call("GET", path, token).status_code == 404)


def _image(server: Server, token: str) -> str:
    """An image with a few bytes that anybody may boot; simulated guests do not read it."""
    values = {
        "name": "i",
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "public",
    }
    answer = server.call("POST", "/image/v2/images", token, json=values)
    assert answer.status_code == 201, answer.text
    image = answer.json()["id"]
    headers = {"X-Auth-Token": token, "Content-Type": "application/octet-stream"}
    path = f"/image/v2/images/{image}/file"
    assert server.http.put(path, content=bytes(512), headers=headers).status_code == 204
    return str(image)
