"""What a port says of its device is text: it gives the port to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel.context import Context
from stratolith.network.managers import placement
from stratolith.network.reconcilers.host_view import compile_view
from tests.testcloud import TestCloud

from ...people import person
from .conftest import Net


@pytest.fixture
def router(net: Net) -> Any:
    """A router of the demo project."""
    return net.post("/routers", "router", name="r")


@pytest.fixture
def server(cloud: TestCloud, net: Net) -> Any:
    """A server of the demo project on a network of its own."""
    demo = net.client
    cloud.start_hosts()
    known = "/os-hypervisors"
    cloud.wait(lambda: cloud.client("admin").get("compute", known).json()["hypervisors"])
    network = net.network(name="home")
    net.subnet(network, "10.9.0.0/24")
    image = demo.get("image", "/images").json()["images"][0]["id"]
    body = {
        "name": "vm", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network["id"]}],
    }  # fmt: skip
    answer = demo.post("compute", "/servers", json={"server": body})
    assert answer.status_code == 202, answer.text
    return answer.json()["server"]


def foreign(cloud: TestCloud) -> Net:
    """A member of another project."""
    return Net(person(cloud, "mallory", "member", "other"))


INTERFACES = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)


@pytest.mark.parametrize("owner", INTERFACES)
def test_a_port_cannot_call_itself_anothers_router_interface(
    cloud: TestCloud, router: Any, net: Net, owner: str
) -> None:
    other = foreign(cloud)
    network = other.network(name="theirs")
    other.subnet(network, "10.66.0.0/24")
    claim = {"device_owner": owner, "device_id": router["id"]}
    error = other.post("/ports", "port", 409, network_id=network["id"], **claim)
    assert error["type"] == "DeviceIDNotOwnedByTenant"
    port = other.port(network)
    other.put(f"/ports/{port['id']}", "port", 409, **claim)
    other.put(f"/ports/{port['id']}", "port", device_id=router["id"])
    other.put(f"/ports/{port['id']}", "port", 409, device_owner=owner)
    net.delete(f"/routers/{router['id']}")


OWNERS = [
    "network:router_gateway",
    "network:dhcp",
    "network:floatingip",
    "compute:nova",
    "baremetal:x",
    "anything",
]


@pytest.mark.parametrize("owner", OWNERS)
def test_a_ports_text_binds_nothing(
    cloud: TestCloud, router: Any, server: Any, net: Net, owner: str
) -> None:
    other = foreign(cloud)
    network = other.network(name="theirs")
    other.subnet(network, "10.66.0.0/24")
    for device in (router["id"], server["id"], "reserved_dhcp_port"):
        port = other.port(network, device_owner=owner, device_id=device)
        assert port["device_id"] == device
    demo = net.client
    shown = demo.get("compute", f"/servers/{server['id']}").json()["server"]
    assert list(shown["addresses"]) in (["home"], [])
    nics = demo.get("compute", f"/servers/{server['id']}/os-interface").json()
    assert len(nics["interfaceAttachments"]) == 1
    net.delete(f"/routers/{router['id']}")
    assert demo.delete("compute", f"/servers/{server['id']}").status_code == 204
    assert len(other.get("/ports?device_id=" + server["id"])["ports"]) == 1


def test_own_text_binds_nothing_either(router: Any, server: Any, net: Net) -> None:
    network = net.network(name="more")
    net.subnet(network, "10.67.0.0/24")
    net.port(network, device_owner="network:router_interface", device_id=router["id"])
    net.port(network, device_owner="compute:nova", device_id=server["id"])
    demo = net.client
    nics = demo.get("compute", f"/servers/{server['id']}/os-interface").json()
    assert len(nics["interfaceAttachments"]) == 1
    net.delete(f"/routers/{router['id']}")


def test_a_server_keeps_its_port_whatever_the_port_says(
    cloud: TestCloud, server: Any, net: Net
) -> None:
    port = net.get(f"/ports?device_id={server['id']}")["ports"][0]
    net.put(f"/ports/{port['id']}", "port", device_id="", device_owner="")
    demo = net.client
    nics = demo.get("compute", f"/servers/{server['id']}/os-interface").json()
    assert [one["port_id"] for one in nics["interfaceAttachments"]] == [port["id"]]
    router = net.post("/routers", "router", name="r")
    error = net.raw(
        "PUT", f"/routers/{router['id']}/add_router_interface", 409, {"port_id": port["id"]}
    )
    assert error["type"] == "PortInUse"


def test_the_host_is_told_of_its_own_ports_only(
    cloud: TestCloud, router: Any, server: Any, net: Net
) -> None:
    other = foreign(cloud)
    network = other.network(name="theirs")
    other.subnet(network, "10.66.0.0/24")
    fake = other.port(network, device_owner="network:dhcp", device_id="reserved_dhcp_port")
    other.port(network, device_owner="network:router_gateway", device_id=router["id"])
    cloud.settle()
    ctx = Context(cloud.env, cloud.env.service("network"))
    try:
        view = compile_view(ctx, placement.host_of(ctx, router["id"]))
    finally:
        ctx.close()
    assert fake["id"] not in [one.dhcp_port_id for one in view.networks]
    mine = next(one for one in view.routers if one.id == router["id"])
    assert not mine.interfaces and mine.gateway is None
