"""Conntrack helpers of routers over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net

UNKNOWN = "0e0e0e0e-0000-4000-8000-000000000000"
FTP = {"protocol": "tcp", "port": 21, "helper": "ftp"}


@pytest.fixture
def router(net: Net) -> Any:
    return net.post("/routers", "router")


def test_through_its_life(net: Net, router: Any) -> None:
    path = f"/routers/{router['id']}/conntrack_helpers"
    made = net.post(path, "conntrack_helper", **FTP)
    assert made == {"id": made["id"], **FTP}
    assert net.get(f"/routers/{router['id']}")["router"]["conntrack_helpers"] == [FTP]
    one = f"{path}/{made['id']}"
    assert net.put(one, "conntrack_helper", port="2121")["port"] == 2121
    assert net.put(one, "conntrack_helper", port=2121)["port"] == 2121
    error = net.put(one, "conntrack_helper", 400, helper="tftp")
    assert error["type"] == "InvalidProtocolForHelper" and error["message"].endswith("udp")
    assert net.put(one, "conntrack_helper", helper="tftp", protocol="udp")["helper"] == "tftp"
    net.delete(one)
    assert net.get(one, 404)["type"] == "ConntrackHelperNotFound"
    net.post(path, "conntrack_helper", **FTP)
    net.delete(f"/routers/{router['id']}")
    assert net.get(path, 404)["type"] == "RouterNotFound"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "BadRequest"),
        ({"protocol": "udp"}, "InvalidProtocolForHelper"),
        ({"protocol": "icmp"}, "InvalidProtocolForHelper"),
        ({"protocol": "what"}, "InvalidInput"),
        ({"protocol": 6}, "InvalidInput"),
        ({"protocol": "6"}, "HTTPBadRequest"),
        ({"helper": "what"}, "ConntrackHelperNotAllowed"),
        ({"helper": 5}, "ConntrackHelperNotAllowed"),
        ({"helper": 'ftp"; }'}, "ConntrackHelperNotAllowed"),
        ({"helper": "x" * 65}, "HTTPBadRequest"),
        ({"port": 0}, "HTTPBadRequest"),
        ({"port": 65536}, "HTTPBadRequest"),
        ({"port": "x"}, "InvalidInput"),
        ({"nothing": 1}, "HTTPBadRequest"),
    ],
)
def test_bad_values(net: Net, router: Any, values: dict[str, Any], kind: str) -> None:
    path = f"/routers/{router['id']}/conntrack_helpers"
    net.post(path, "conntrack_helper", **FTP)
    assert net.post(path, "conntrack_helper", 400, **{**FTP, **values})["type"] == kind


def test_lists(net: Net, router: Any) -> None:
    path = f"/routers/{router['id']}/conntrack_helpers"
    for values in (FTP, {"protocol": "udp", "port": 69, "helper": "tftp"}):
        net.post(path, "conntrack_helper", **values)

    def ports(query: str) -> list[int]:
        return [row["port"] for row in net.get(f"{path}?{query}")["conntrack_helpers"]]

    assert ports("helper=ftp") == ports("protocol=tcp") == ports("port=21") == [21]
    assert ports("helper=x") == ports("port=5") == []
    assert ports("sort_key=port&sort_dir=desc") == [69, 21]
    assert ports("sort_key=port&sort_dir=asc&limit=1") == [21]
    assert "filtering" in net.get(f"{path}?project_id=x", 400)["message"]
    other = net.post("/routers", "router")
    beside = f"/routers/{other['id']}/conntrack_helpers"
    assert net.get(beside)["conntrack_helpers"] == []
    mine = net.get(path)["conntrack_helpers"][0]["id"]
    net.get(f"{beside}/{mine}", 404)
    body = {"conntrack_helper": FTP}
    net.raw("POST", f"/routers/{UNKNOWN}/conntrack_helpers", 404, body)
