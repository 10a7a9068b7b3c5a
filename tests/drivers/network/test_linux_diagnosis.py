"""Diagnosis of a port: all hops pass, and each removed object fails its own hop first."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from stratolith.network.agent.metadata import MetadataProxy
from stratolith.network.drivers.base import HostNetworkView, PortView
from stratolith.network.drivers.hops import Asked, FloatingPair, Hop
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.guests import Guest
from tests.drivers.network.metadata_upstream import by_http

pytestmark = pytest.mark.root

GUEST, GATEWAY, FLOATING = "10.55.0.11", "172.31.249.10", "172.31.249.20"


class Setting:
    """A guest behind a router with a floating IP, all of it realised."""

    def __init__(self, driver: LinuxNetworkDriver, guest: Callable[..., Guest]) -> None:
        self.driver = driver
        self.port: PortView = views.port("a", GUEST, "n1-subnet")
        self.network = views.network("n1", ports=[self.port], dhcp=True)
        self.router = views.router("r1", [self.network], GATEWAY, {FLOATING: GUEST})
        self.view: HostNetworkView = views.host([self.network], [self.router], external=True)
        assert driver.apply(self.view).errors == {}
        self.proxy = MetadataProxy(by_http("http://127.0.0.1:9"))
        self.proxy.start()
        assert self.proxy.update(self.view) == {}
        self.guest = guest(self.port, f"{GUEST}/24", "10.55.0.1")

    @property
    def asked(self) -> Asked:
        return Asked(
            port_id=self.port.id,
            network_id=self.network.id,
            mac=self.port.mac,
            addresses=[GUEST],
            is_bound_here=True,
            routers=[self.router.id],
            floating_ips=[
                FloatingPair(floating_ip=FLOATING, fixed_ip=GUEST, router_id=self.router.id)
            ],
        )

    def hops(self) -> dict[str, Hop]:
        """The worst hop of each name."""
        hops: dict[str, Hop] = {}
        for hop in self.driver.diagnose(self.view, self.asked):
            if hop.name not in hops or hop.passed is False:
                hops[hop.name] = hop
        return hops

    def failed(self) -> set[str]:
        return {name for name, hop in self.hops().items() if hop.passed is False}


@pytest.fixture
def setting(driver, guest):
    made = Setting(driver, guest)
    yield made
    made.proxy.close()


def test_all_hops_of_a_healthy_port_pass(setting: Setting) -> None:
    hops = setting.hops()
    names = ["link", "network", "dhcp", "metadata", "security group", "gateway", "snat"]
    assert list(hops) == [*names, "floating ip"]
    assert {name: hop.passed for name, hop in hops.items()} == dict.fromkeys(hops, True), hops
    assert GUEST in hops["dhcp"].text and GATEWAY in hops["snat"].text
    assert all(not hop.advice for hop in hops.values())


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def in_router(setting: Setting, *words: str) -> None:
    name = f"qrouter-{setting.router.id}"
    namespaces.run_in(name, lambda: subprocess.run(list(words), check=True))


def test_a_tap_without_its_bridge(setting: Setting) -> None:
    ip("link", "set", setting.port.tap, "nomaster")
    hop = setting.hops()["link"]
    assert hop.passed is False and setting.network.bridge in hop.text and hop.advice


def test_a_removed_tap(setting: Setting) -> None:
    ip("link", "del", setting.port.tap)
    assert "link" in setting.failed()


def test_a_guest_that_is_not_connected(setting: Setting) -> None:
    setting.guest.unplug()
    hop = setting.hops()["link"]
    assert hop.passed is False and "no carrier" in hop.text
    assert setting.port.server_id in hop.advice


def test_a_bridge_that_is_down(setting: Setting) -> None:
    ip("link", "set", setting.network.bridge, "down")
    assert "network" in setting.failed()


def test_a_dead_dhcp_server(setting: Setting) -> None:
    pid = setting.driver._dnsmasq.pid(setting.network.id)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while setting.driver._dnsmasq.pid(setting.network.id) is not None:
        pass
    assert setting.failed() == {"dhcp"}


def test_a_guest_that_has_another_address(setting: Setting) -> None:
    setting.guest.sh("ip addr flush dev eth0")
    assert setting.failed() == {"dhcp", "gateway"}
    hop = setting.hops()["dhcp"]
    assert GUEST in hop.text and "console" in hop.advice


def test_a_metadata_proxy_that_does_not_listen(setting: Setting) -> None:
    setting.proxy.update(views.host([]))
    assert setting.failed() == {"metadata"}


def test_a_removed_packet_filter(setting: Setting) -> None:
    for family in ("inet", "bridge"):
        subprocess.run(["nft", "delete", "table", family, "stratotest"], capture_output=True)
    assert setting.failed() == {"security group"}


def test_a_router_without_its_interface(setting: Setting) -> None:
    in_router(setting, "ip", "link", "del", f"qr-{setting.router.interfaces[0].port_id[:11]}")
    assert setting.failed() == {"gateway"}


def test_a_router_that_does_not_translate(setting: Setting) -> None:
    in_router(setting, "nft", "delete", "table", "ip", "stratotest")
    assert setting.failed() == {"snat", "floating ip"}


def test_an_external_gateway_that_does_not_answer(setting: Setting) -> None:
    ip("addr", "flush", "dev", views.EXTERNAL_BRIDGE)
    hop = setting.hops()["snat"]
    assert hop.passed is False and "172.31.249.1" in hop.text


def test_a_floating_address_that_was_removed(setting: Setting) -> None:
    assert setting.router.gateway is not None
    device = f"qg-{setting.router.gateway.port_id[:11]}"
    in_router(setting, "ip", "addr", "del", f"{FLOATING}/32", "dev", device)
    assert setting.failed() == {"floating ip"}


def test_a_port_and_a_network_that_are_not_realised(setting: Setting) -> None:
    setting.view = views.host([])
    assert setting.failed() == {"network"}
    without_port = views.network("n1", ports=[], dhcp=True)
    setting.view = views.host([without_port], [setting.router], external=True)
    assert setting.failed() == {"link"}
