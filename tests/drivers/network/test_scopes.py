"""Address scopes on a router, with real packets."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from tests.drivers.network import views
from tests.drivers.network.test_routers import WORLD, from_world, two_networks, world

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


def router(networks, inside: list[str], outside: str, floating=None, **fields):
    """``inside``, ``outside``: the scopes of the router's interfaces and of its gateway."""
    plain = views.router("r1", networks, "172.31.249.10", floating, **fields)
    ends = zip(plain.interfaces, inside, strict=True)
    interfaces = [msgspec.structs.replace(port, scope_v4=scope) for port, scope in ends]
    gateway = msgspec.structs.replace(plain.gateway, scope_v4=outside)
    return msgspec.structs.replace(plain, interfaces=interfaces, gateway=gateway)


def test_nothing_is_routed_between_scopes(driver, guest):
    a, _, c, n1, n2 = two_networks()

    def apply(*scopes: str, **fields) -> None:
        view = views.host([n1, n2], [router([n1, n2], scopes, "", **fields)], external=True)
        assert not driver.apply(view).errors

    apply("one", "two")
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(c, "10.56.0.11/24", "10.56.0.1")
    with first.serving(22), second.serving(22), world() as clients:
        assert not first.reaches("10.56.0.11", 22, 0.7)
        assert not second.reaches("10.55.0.11", 22, 0.7)
        assert first.reaches(WORLD, 8080) and clients == ["172.31.249.10"]
        apply("one", "")
        assert not second.reaches("10.55.0.11", 22, 0.7), "no scope is a scope of its own"
        apply("one", "two", floating={"172.31.249.20": "10.56.0.11"})
        assert first.reaches("172.31.249.20", 22), "a floating IP leads across"
        assert not first.reaches("10.56.0.11", 22, 0.7)
        apply("one", "one")
        assert first.reaches("10.56.0.11", 22)


def test_no_translation_in_the_scope_of_the_external_network(driver, guest):
    a, _, c, n1, n2 = two_networks()

    def apply(*scopes: str, **fields) -> None:
        view = views.host([n1, n2], [router([n1, n2], scopes, "one", **fields)], external=True)
        assert not driver.apply(view).errors

    apply("one", "two")
    first = guest(a, "10.55.0.11/24", "10.55.0.1")
    second = guest(c, "10.56.0.11/24", "10.56.0.1")
    subprocess.run(["ip", "route", "replace", "10.55.0.0/24", "via", "172.31.249.10"], check=True)
    subprocess.run(["ip", "route", "replace", "10.56.0.0/24", "via", "172.31.249.10"], check=True)
    with first.serving(22), second.serving(22), world() as clients:
        assert first.reaches(WORLD, 8080)
        assert second.reaches(WORLD, 8080)
        assert clients == ["10.55.0.11", "172.31.249.10"]
        assert from_world("10.55.0.11", 22), "the world reaches its own scope"
        assert not from_world("10.56.0.11", 22, 0.7), "and no other"
        apply("one", "two", enable_snat=False)
        assert not second.reaches(WORLD, 8080, 0.7), "untranslated, it would leave its scope"
        floating = {"172.31.249.20": "10.56.0.11", "172.31.249.21": "10.55.0.11"}
        apply("one", "two", enable_snat=False, floating=floating)
        assert second.reaches(WORLD, 8080) and first.reaches(WORLD, 8080)
        assert clients[2:] == ["172.31.249.20", "172.31.249.21"]
        assert from_world("172.31.249.20", 22)
