"""A cloud with simulated hosts, an image and a network, and steps that stories share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import Client, TestCloud

DISK = b"\x00" * (1 << 20)


def error_of(answer: Any) -> str:
    """The message of a fault body."""
    body = answer.json()
    return str(next(iter(body.values()))["message"])


@dataclass
class World:
    """A running cloud as user demo sees it."""

    cloud: TestCloud
    admin: Client
    demo: Client
    image: str
    network: str

    def person(self, name: str, role: str, project: str) -> Client:
        """A new user with one role on a project, which is made if need be."""

        def id_of(kind: str, wanted: str) -> str:
            found = self.admin.get("identity", f"/{kind}s?name={wanted}").json()[f"{kind}s"]
            if not found:
                body = {kind: {"name": wanted}}
                found = [self.admin.post("identity", f"/{kind}s", json=body).json()[kind]]
            return str(found[0]["id"])

        body = {"user": {"name": name, "password": "secret-enough-1"}}
        user = self.admin.post("identity", "/users", json=body).json()["user"]["id"]
        place = f"/projects/{id_of('project', project)}/users/{user}/roles/{id_of('role', role)}"
        assert self.admin.put("identity", place).status_code == 204
        return self.cloud.client(name, project, password="secret-enough-1")

    def body(self, name: str = "one", **more: Any) -> dict[str, Any]:
        """A create body; ``more`` goes into the server, None removes."""
        server: dict[str, Any] = {
            "name": name,
            "imageRef": self.image,
            "flavorRef": "42",
            "networks": [{"uuid": self.network}],
        }
        server.update(more)
        return {"server": {key: value for key, value in server.items() if value is not None}}

    def post(self, name: str = "one", *, client: Client | None = None, **more: Any) -> Any:
        """The answer to a create request."""
        body = self.body(name, **more)
        return (client or self.demo).post("compute", "/servers", json=body, microversion="2.96")

    def create(self, name: str = "one", *, client: Client | None = None, **more: Any) -> str:
        """Create a server and wait until it is built; gives its id."""
        client = client or self.demo
        answer = client.post(
            "compute", "/servers", json=self.body(name, **more), microversion="2.96"
        )
        assert answer.status_code == 202, answer.text
        server_id: str = answer.json()["server"]["id"]
        self.until(server_id, "ACTIVE", client)
        return server_id

    def show(self, server_id: str, client: Client | None = None, version: str = "2.96") -> Any:
        answer = (client or self.demo).get("compute", f"/servers/{server_id}", microversion=version)
        assert answer.status_code == 200, answer.text
        return answer.json()["server"]

    def until(self, server_id: str, status: str, client: Client | None = None) -> Any:
        """Wait until a server has a status and no task."""

        def there() -> Any:
            server = self.show(server_id, client)
            if server["status"] == status and server["OS-EXT-STS:task_state"] is None:
                return server
            assert status == "ERROR" or server["status"] != "ERROR", server.get("fault")
            return None

        return self.cloud.wait(there)

    def until_gone(self, server_id: str, client: Client | None = None) -> None:
        path = f"/servers/{server_id}"
        self.cloud.wait(lambda: (client or self.demo).get("compute", path).status_code == 404)

    def act(self, server_id: str, action: str, value: Any = None, **options: Any) -> Any:
        client = options.pop("client", self.demo)
        path = f"/servers/{server_id}/action"
        return client.post("compute", path, json={action: value}, **options)

    @property
    def driver(self) -> Any:
        """The fake hypervisor of the only host."""
        return self.cloud.hosts[0].rooms["guests"].driver


@pytest.fixture
def image(cloud: TestCloud, admin: Client) -> str:
    body = {
        "name": "tiny",
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "public",
    }
    image_id: str = admin.post("image", "/images", json=body).json()["id"]
    answer = admin.put(
        "image",
        f"/images/{image_id}/file",
        content=DISK,
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 204, answer.text
    return image_id


@pytest.fixture
def world(cloud: TestCloud, admin: Client, demo: Client, image: str) -> Iterator[World]:
    network = demo.get("network", "/networks?name=private").json()["networks"][0]["id"]
    cloud.start_hosts()
    cloud.wait(
        lambda: admin.get("compute", "/os-hypervisors").json()["hypervisors"],
    )
    yield World(cloud, admin, demo, image, network)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
