"""Names of ports in DNS, asked by guests."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import dns_client, views

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def test_names_are_answered(driver, guest):
    """The name that a user chose, that of the server, and that of the address."""
    chosen = views.port("web.shop", "10.55.0.21", "n1-subnet")
    named = views.port("vm2", "10.55.0.22", "n1-subnet")
    net = views.network("n1", ports=[chosen, named], dhcp=True, dns_domain="cloud.example")
    assert not driver.apply(views.host([net])).errors
    machine = guest(named)
    machine.sh("ip addr add 10.55.0.22/24 dev eth0")
    answers = {
        "web.shop.cloud.example": "10.55.0.21",
        "WEB.shop.cloud.example": "10.55.0.21",
        "vm2.cloud.example": "10.55.0.22",
        "vm2": "10.55.0.22",
        "host-10-55-0-22.cloud.example": "10.55.0.22",
        "other.cloud.example": None,
    }
    for name, address in answers.items():
        query = partial(dns_client.address_of, name, "10.55.0.2")
        assert namespaces.run_in(machine.name, query) == address, name
    for address, name in (
        ("10.55.0.21", "web.shop.cloud.example"),
        ("10.55.0.22", "vm2.cloud.example"),
        ("10.55.0.23", None),
    ):
        query = partial(dns_client.name_of, address, "10.55.0.2")
        assert namespaces.run_in(machine.name, query) == name


def test_names_follow_changes(driver, guest):
    a, b = (views.port(n, f"10.55.0.{i}", "n1-subnet") for n, i in (("a", 11), ("b", 12)))
    net = views.network("n1", ports=[a], dhcp=True, dns_domain="cloud.example")
    assert not driver.apply(views.host([net])).errors
    machine = guest(a, "10.55.0.11/24")

    def ask(name):
        query = partial(dns_client.address_of, f"{name}.cloud.example", "10.55.0.2")
        return namespaces.run_in(machine.name, query)

    assert (ask("a"), ask("b")) == ("10.55.0.11", None)
    net = views.network("n1", ports=[a, b], dhcp=True, dns_domain="cloud.example")
    hosts = [msgspec.structs.replace(net.dhcp_hosts[0], hostname="c"), net.dhcp_hosts[1]]
    changed = msgspec.structs.replace(net, dhcp_hosts=hosts)
    assert not driver.apply(views.host([changed], generation=2)).errors
    assert (ask("a"), ask("b"), ask("c")) == (None, "10.55.0.12", "10.55.0.11")
