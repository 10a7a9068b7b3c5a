"""What every network driver promises: the fake, linux and ovn keep it alike."""

from __future__ import annotations

import msgspec
import pytest

from stratolith.kernel import config
from stratolith.network.drivers import choice
from stratolith.network.drivers.base import NetworkDriver
from stratolith.network.drivers.fake import FakeNetworkDriver
from stratolith.network.settings import NetworkSettings
from tests.drivers.network import views

ROOT = [pytest.param(name, marks=pytest.mark.root) for name in ("linux", "ovn")]


@pytest.fixture(params=["fake", "plug-in", *ROOT])
def any_driver(request, tmp_path) -> NetworkDriver:
    if request.param == "fake":
        return FakeNetworkDriver()
    if request.param == "plug-in":
        request.getfixturevalue("installed")
        return chosen_by_configuration(tmp_path)
    return request.getfixturevalue(request.param)


def chosen_by_configuration(place) -> NetworkDriver:
    """The driver of the sample package, as an agent gets it."""
    cloud = {"state_dir": str(place), "run_dir": str(place / "run"), "fake": True}
    wished = {"cloud": cloud, "network": {"driver": "sample"}}
    return choice.make(config.load({"network": NetworkSettings}, overrides=wished), "here")


def a_view(generation: int = 1):
    ports = [views.port(f"p{i}", f"10.55.0.{10 + i}", "n1-subnet") for i in range(3)]
    n1 = views.network("n1", ports=ports, dhcp=True)
    n2 = views.network("n2", cidr="10.56.0.0/24")
    routers = [views.router("r1", [n1, n2], "172.31.249.10", {"172.31.249.20": "10.55.0.10"})]
    return views.host([n1, n2], routers, generation=generation, external=True)


def test_has_a_name_and_finds_what_it_needs(any_driver):
    assert any_driver.name in {"fake", "linux", "ovn", "sample"}
    assert any_driver.check() == []


def test_reports_everything_it_realised(any_driver):
    view = a_view(7)
    applied = any_driver.apply(view)
    assert applied.errors == {}
    assert applied.generation == 7
    assert set(applied.networks) == {net.id for net in view.networks}
    assert set(applied.ports) == {port.id for net in view.networks for port in net.ports}
    assert applied.routers == [views.uid("r1")]
    assert applied.floating_ips == [views.uid("fip 172.31.249.20")]


def test_same_view_again_is_answered_alike(any_driver):
    first = any_driver.apply(a_view(1))
    again = any_driver.apply(a_view(2))
    assert again == msgspec.structs.replace(first, generation=2)


def test_less_is_reported_when_less_is_wanted(any_driver):
    any_driver.apply(a_view())
    view = views.host([views.network("n2", cidr="10.56.0.0/24")], generation=3)
    applied = any_driver.apply(view)
    assert applied.errors == {}
    assert (applied.networks, applied.ports, applied.routers) == ([views.uid("n2")], [], [])


def test_empty_view(any_driver):
    any_driver.apply(a_view())
    applied = any_driver.apply(views.host(generation=2))
    assert applied == type(applied)(generation=2)


def test_remove_all_may_be_called_any_time(any_driver):
    any_driver.remove_all()
    any_driver.apply(a_view())
    any_driver.remove_all()
    any_driver.remove_all()
    assert any_driver.apply(a_view()).errors == {}
