"""Names of ports, networks and floating IPs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net

DOMAIN = "cloud.example"


@pytest.fixture
def named(tmp_path: Path) -> Iterator[TestCloud]:
    """A cloud with a domain of its own, in which ports have names."""
    cloud = TestCloud(tmp_path / "named", network={"dhcp_domain": DOMAIN})
    yield cloud
    cloud.close()


@pytest.fixture
def own(named: TestCloud) -> Net:
    return Net(named.client("demo"))


def _names(port: Any) -> list[tuple[str, str]]:
    return [(row["hostname"], row["fqdn"]) for row in port["dns_assignment"]]


def test_a_port_has_the_name_that_a_user_chose(own: Net) -> None:
    network = own.network()
    own.subnet(network)
    port = own.port(network, dns_name="Web1")
    assert port["dns_name"] == "web1" and port["dns_domain"] == ""
    assert port["dns_assignment"] == [
        {"ip_address": "10.0.0.3", "hostname": "web1", "fqdn": f"web1.{DOMAIN}."}
    ]
    assert own.get(f"/ports/{port['id']}")["port"] == port
    assert port in own.get("/ports")["ports"]
    full = f"db.{DOMAIN}."
    changed = own.put(f"/ports/{port['id']}", "port", dns_name=full, dns_domain="example.org.")
    assert (changed["dns_name"], changed["dns_domain"]) == (full, "example.org.")
    assert _names(changed) == [(full, full)]
    changed = own.put(f"/ports/{port['id']}", "port", dns_name="")
    assert _names(changed) == [("host-10-0-0-3", f"host-10-0-0-3.{DOMAIN}.")]
    assert own.port(network, fixed_ips=[])["dns_assignment"] == []


def test_a_cloud_with_the_default_domain_has_no_chosen_names(net: Net) -> None:
    network = net.network()
    net.subnet(network)
    port = net.port(network, dns_name="web1", dns_domain="example.org.")
    assert (port["dns_name"], port["dns_domain"]) == ("", "")
    assert _names(port) == [("host-10-0-0-3", "host-10-0-0-3.openstacklocal.")]
    assert net.put(f"/ports/{port['id']}", "port", dns_name="web1")["dns_name"] == ""


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a_b", "HTTPBadRequest"),
        ("-a", "HTTPBadRequest"),
        ("a..b", "HTTPBadRequest"),
        ("a.12", "HTTPBadRequest"),
        ("x" * 64, "HTTPBadRequest"),
        ("a\n", "HTTPBadRequest"),
        (".".join(["x" * 60] * 4), "HTTPBadRequest"),  # too long with the domain
        ("web.example.org.", "HTTPBadRequest"),  # not in the cloud's domain
        (f"{DOMAIN}.", "HTTPBadRequest"),
        (None, "InvalidInput"),
        (5, "InvalidInput"),
    ],
)
def test_bad_names_of_ports(own: Net, name: Any, type_: str) -> None:
    network = own.network()
    body = {"network_id": network["id"], "dns_name": name}
    assert own.post("/ports", "port", 400, **body)["type"] == type_


def test_domains_of_networks(net: Net) -> None:
    network = net.network(dns_domain="Example.ORG.")
    assert network["dns_domain"] == "example.org."
    path = f"/networks/{network['id']}"
    changed = net.put(path, "network", dns_domain="<project_id>.example.org.")
    assert changed["dns_domain"] == "<project_id>.example.org."
    for domain in ("example.org", "a..b.", "<foo>.b.", "a.11.", "a_b.c.", ("a" * 60 + ".") * 5):
        error = net.put(path, "network", 400, dns_domain=domain)
        assert error["type"] == "HTTPBadRequest" and "dns_domain" in error["message"]
    assert net.put(path, "network", 400, dns_domain=None)["type"] == "InvalidInput"
    assert net.put(path, "network", dns_domain="")["dns_domain"] == ""


def test_subnets_that_publish_fixed_ips(net: Net) -> None:
    network = net.network()
    subnet = net.subnet(network)
    assert subnet["dns_publish_fixed_ip"] is False
    path = f"/subnets/{subnet['id']}"
    assert net.put(path, "subnet", dns_publish_fixed_ip=True)["dns_publish_fixed_ip"] is True
    assert net.put(path, "subnet", 400, dns_publish_fixed_ip="x")["type"] == "InvalidInput"


def test_names_of_floating_ips_wait_for_a_dns_service(net: Net) -> None:
    """As upstream without a DNS service: checked, and not kept."""
    public = net.public()["id"]
    values = {"floating_network_id": public, "dns_name": "F1", "dns_domain": "example.org."}
    made = net.post("/floatingips", "floatingip", **values)
    assert (made["dns_name"], made["dns_domain"]) == ("", "")
    for bad in ({"dns_name": "f1."}, {"dns_name": "a_b"}, {"dns_domain": "example"}):
        error = net.post("/floatingips", "floatingip", 400, floating_network_id=public, **bad)
        assert error["type"] == "HTTPBadRequest"
    error = net.put(f"/floatingips/{made['id']}", "floatingip", 400, dns_name="a")
    assert error["message"] == "Cannot update read-only attribute dns_name"


@pytest.mark.parametrize(
    "query",
    ["/ports?dns_name=a", "/networks?dns_domain=a", "/subnets?dns_publish_fixed_ip=true"],
)
def test_names_are_no_filters(net: Net, query: str) -> None:
    assert "is invalid attribute for filtering" in net.get(query, 400)["message"]


def test_a_server_names_its_ports(named: TestCloud, own: Net) -> None:
    named.start_hosts()
    network = own.network(dns_domain="example.org.")
    own.subnet(network)
    kept = own.port(network)
    other = own.port(network, dns_name="other")
    compute = named.client("demo")
    image = compute.get("image", "/images").json()["images"][0]["id"]

    def create(*networks: dict[str, str]) -> Any:
        server = {"name": "Web 1", "flavorRef": "42", "imageRef": image, "networks": networks}
        return compute.post("compute", "/servers", json={"server": server})

    refused = create({"port": other["id"]})
    assert refused.status_code == 400 and "other" in refused.text
    answer = create({"uuid": network["id"]}, {"port": kept["id"]})
    assert answer.status_code == 202, answer.text
    server = answer.json()["server"]["id"]
    ports = own.get(f"/ports?device_id={server}")["ports"]
    assert [port["dns_name"] for port in ports] == ["web-1", "web-1"]
    assert _names(ports[0]) == [("web-1", f"web-1.{DOMAIN}.")]
    assert compute.delete("compute", f"/servers/{server}").status_code == 204
    named.wait(lambda: own.get(f"/ports/{kept['id']}")["port"]["dns_name"] == "")
