"""Several bindings of a port: on which host it is, and on which it may be next."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel.agent.protocol import Offers
from tests.people import person
from tests.testcloud import TestCloud

from .conftest import Net


@pytest.fixture
def nova(cloud: TestCloud) -> Net:
    """A service user, as which Nova moves ports; two hosts realise networks."""
    assert cloud.env.agents is not None
    for number, host in enumerate(("h1", "h2"), 1):
        offers = Offers(tunnel_address=f"192.0.2.{number}")
        cloud.env.agents.seen(host, "1", ["network"], cloud.env.clock.now(), offers)
    return Net(person(cloud, "nova-user", "service", "admin"))


@pytest.fixture
def port(nova: Net, boss: Net) -> Any:
    """Of a guest on h1."""
    network = boss.network()
    boss.subnet(network)
    return boss.port(network, device_owner="compute:nova", **{"binding:host_id": "h1"})


def hosts(net: Net, path: str) -> dict[str, str]:
    return {binding["host"]: binding["status"] for binding in net.get(path)["bindings"]}


def test_a_port_moves_by_its_bindings(nova: Net, boss: Net, port: Any) -> None:
    path = f"/ports/{port['id']}/bindings"
    profile = {"migrating": "yes"}
    made = nova.post(path, "binding", host="h2", profile=profile)
    details = port["binding:vif_details"]
    assert made == {
        "host": "h2", "status": "INACTIVE", "vif_type": "bridge", "vif_details": details,
        "vnic_type": "normal", "profile": profile,
    }  # fmt: skip
    assert nova.get(f"{path}/h2")["binding"] == made
    assert boss.get(f"{path}?status=INACTIVE&fields=host") == {"bindings": [{"host": "h2"}]}
    assert boss.get(f"{path}?limit=1&marker=h1")["bindings"] == [made]
    assert nova.post(path, "binding", 409, host="h2")["type"] == "PortBindingAlreadyExists"
    assert nova.raw("PUT", f"{path}/h2/activate", 200, {}) == {**made, "status": "ACTIVE"}
    shown = boss.get(f"/ports/{port['id']}")["port"]
    assert (shown["binding:host_id"], shown["binding:profile"]) == ("h2", profile)
    assert hosts(nova, path) == {"h1": "INACTIVE", "h2": "ACTIVE"}
    again = nova.raw("PUT", f"{path}/h2/activate", 409, {})
    assert again["type"] == "PortBindingAlreadyActive"
    nova.delete(f"{path}/h1")
    assert hosts(nova, path) == {"h2": "ACTIVE"}
    assert nova.delete(f"{path}/h1", 404)["type"] == "PortBindingNotFound"


def test_a_port_without_its_active_binding_is_on_no_host(nova: Net, boss: Net, port: Any) -> None:
    path = f"/ports/{port['id']}/bindings"
    nova.post(path, "binding", host="h2")
    nova.delete(f"{path}/h1")
    assert hosts(nova, path) == {"": "ACTIVE", "h2": "INACTIVE"}
    assert boss.get(f"/ports/{port['id']}")["port"]["binding:vif_type"] == "unbound"
    nova.raw("PUT", f"{path}/h2/activate", 200, None)
    assert hosts(nova, path) == {"h2": "ACTIVE"}


def test_a_binding_is_changed(nova: Net, boss: Net, port: Any) -> None:
    path = f"/ports/{port['id']}/bindings"
    nova.post(path, "binding", host="h2")
    for host in ("h1", "h2"):
        changed = boss.put(f"{path}/{host}", "binding", profile={"a": host})
        assert (changed["host"], changed["profile"]) == (host, {"a": host})
    assert boss.get(f"/ports/{port['id']}")["port"]["binding:profile"] == {"a": "h1"}
    error = boss.put(f"{path}/h2", "binding", 409, host="h1")
    assert error["type"] == "PortBindingAlreadyExists"
    error = boss.put(f"{path}/h2", "binding", 400, status="ACTIVE")
    assert error["message"] == "Cannot update read-only attribute status"


def test_a_port_that_is_moved_without_bindings_has_one_for_each_host(
    nova: Net, boss: Net, port: Any
) -> None:
    path = f"/ports/{port['id']}/bindings"
    nova.post(path, "binding", host="h2")
    boss.put(f"/ports/{port['id']}", "port", **{"binding:host_id": "h2"})
    assert hosts(nova, path) == {"h2": "ACTIVE"}


@pytest.mark.parametrize(
    ("values", "status", "error"),
    [
        ({"host": "elsewhere"}, 409, "PortBindingError"),
        ({"host": "h2", "vnic_type": "direct"}, 409, "PortBindingError"),
        ({"host": ""}, 400, "HTTPBadRequest"),
        ({"host": None}, 400, "HTTPBadRequest"),
        ({"host": ["h2"]}, 400, "HTTPBadRequest"),
        ({}, 400, "HTTPBadRequest"),
        ({"host": "h2", "vnic_type": "odd"}, 400, "HTTPBadRequest"),
        ({"host": "h2", "profile": "odd"}, 400, "HTTPBadRequest"),
        ({"host": "h2", "status": "ACTIVE"}, 400, "HTTPBadRequest"),
        ({"host": "h2", "odd": 1}, 400, "HTTPBadRequest"),
    ],
)
def test_bindings_that_are_refused(
    nova: Net, port: Any, values: dict[str, Any], status: int, error: str
) -> None:
    path = f"/ports/{port['id']}/bindings"
    assert nova.post(path, "binding", status, **values)["type"] == error
    assert hosts(nova, path) == {"h1": "ACTIVE"}


def test_a_host_that_does_not_reach_the_network_is_refused(nova: Net, boss: Net) -> None:
    boss.post(
        "/network_segment_ranges", "network_segment_range",
        network_type="vlan", physical_network="elsewhere", minimum=7, maximum=9,
    )  # fmt: skip
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "elsewhere"}
    port = boss.port(boss.network(**vlan), device_owner="compute:nova")
    error = nova.post(f"/ports/{port['id']}/bindings", "binding", 409, host="h2")
    assert error["type"] == "PortBindingError" and "not connected" in error["message"]


def test_only_ports_of_guests_have_bindings(nova: Net, boss: Net, port: Any) -> None:
    other = boss.port({"id": port["network_id"]})
    path = f"/ports/{other['id']}/bindings"
    for error in (
        nova.get(path, 400),
        nova.get(f"{path}/h1", 400),
        nova.post(path, "binding", 400, host="h2"),
        nova.raw("PUT", f"{path}/h2/activate", 400, {}),
        nova.delete(f"{path}/h2", 400),
    ):
        assert error["type"] == "BadRequest" and "only valid on compute" in error["message"]


def test_bindings_are_for_administrators_and_services(
    cloud: TestCloud, nova: Net, boss: Net, port: Any
) -> None:
    path = f"/ports/{port['id']}/bindings"
    nova.post(path, "binding", host="h2")
    member = Net(person(cloud, "a-member", "member", "admin"))
    assert member.get(path) == {"bindings": []}
    assert member.get(f"{path}/h2", 404)["type"] == "HTTPNotFound"
    assert member.delete(f"{path}/h2", 404)["type"] == "HTTPNotFound"
    assert member.raw("PUT", f"{path}/h2/activate", 404, {})["type"] == "HTTPNotFound"
    for net in (member, boss):
        assert net.post(path, "binding", 403, host="h1")["type"] == "PolicyNotAuthorized"
    boss.delete(f"{path}/h2", 403)
    boss.raw("PUT", f"{path}/h2/activate", 403, {})
    assert hosts(boss, path) == {"h1": "ACTIVE", "h2": "INACTIVE"}
    stranger = Net(person(cloud, "a-stranger", "service", "demo"))
    assert stranger.get(path, 404)["type"] == "PortNotFound"


def test_a_released_port_is_prepared_nowhere(
    cloud: TestCloud, nova: Net, boss: Net, port: Any
) -> None:
    nova.post(f"/ports/{port['id']}/bindings", "binding", host="h2")
    boss.delete(f"/ports/{port['id']}")
    assert boss.get(f"/ports/{port['id']}/bindings", 404)["type"] == "PortNotFound"
