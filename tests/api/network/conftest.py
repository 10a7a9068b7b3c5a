"""What the stories of the network API share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client


class Net:
    """One client's view of the network API: short names for frequent requests."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def post(self, path: str, name: str, status: int = 201, /, **values: Any) -> Any:
        return self._answer("POST", path, status, name, json={name: values})

    def put(self, path: str, name: str, status: int = 200, /, **values: Any) -> Any:
        return self._answer("PUT", path, status, name, json={name: values})

    def get(self, path: str, status: int = 200) -> Any:
        return self._answer("GET", path, status, "")

    def delete(self, path: str, status: int = 204) -> Any:
        return self._answer("DELETE", path, status, "")

    def raw(self, method: str, path: str, status: int, body: Any) -> Any:
        return self._answer(method, path, status, "", json=body)

    def network(self, **values: Any) -> Any:
        return self.post("/networks", "network", **values)

    def subnet(self, network: Any, cidr: str = "10.0.0.0/24", **values: Any) -> Any:
        version = 6 if ":" in cidr else 4
        named = {"network_id": network["id"], "cidr": cidr, "ip_version": version}
        return self.post("/subnets", "subnet", **{**named, **values})

    def port(self, network: Any, **values: Any) -> Any:
        return self.post("/ports", "port", network_id=network["id"], **values)

    def public(self) -> Any:
        return self.get("/networks?name=public")["networks"][0]

    def _answer(self, method: str, path: str, status: int, name: str, **options: Any) -> Any:
        answer = self.client.request(method, "network", path, **options)
        assert answer.status_code == status, answer.text
        if not answer.content:
            return None
        found = answer.json()
        if status >= 400:
            return found["NeutronError"]
        return found[name] if name else found


@pytest.fixture
def net(demo: Client) -> Net:
    return Net(demo)


@pytest.fixture
def boss(admin: Client) -> Net:
    return Net(admin)
