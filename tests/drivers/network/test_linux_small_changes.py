"""Views that follow each other: what differs is brought about, and the host is as if made anew."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.base import AddressPair, HostNetworkView, PortView, RuleView
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import netlink
from tests.drivers.network import views

pytestmark = pytest.mark.root

OF_GROUP = [
    RuleView(direction="ingress", ethertype=kind, remote_cidrs=[], remote_group="g")
    for kind in ("IPv4", "IPv6")
]
CHOICES = [[*views.EGRESS_ALL, *OF_GROUP], views.EGRESS_ALL, [views.tcp_in(22)], []]


def listing() -> str:
    """The rules; not the counts, which are the kernel's."""
    text = subprocess.run(["nft", "-s", "list", "ruleset"], capture_output=True, text=True).stdout
    kept, dynamic = [], False
    for block in text.split("\n\t}"):
        dynamic = "flags dynamic" in block
        kept.append("" if dynamic else block)
    return "\n\t}".join(kept)


def state() -> tuple[list[str], list[str], list[str]]:
    def lines(*command: str) -> list[str]:
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return sorted(found.splitlines())

    links = sorted(map(repr, netlink.links().values()))
    rules = sorted(part.strip() for part in listing().split("\n\t}"))
    return links, rules, [line for line in lines("bridge", "fdb", "show") if "sticky" in line]


def table() -> str:
    """Another one each time the table is made."""
    found = subprocess.run(["nft", "-a", "list", "tables"], capture_output=True, text=True).stdout
    return next((line for line in found.splitlines() if "bridge stratotest #" in line), "")


class Networks:
    """Two networks whose ports come, go and change; the first has a router and DHCP."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ports: dict[str, tuple[str, PortView]] = {}
        self.rules = views.EGRESS_ALL  # of the security group that many ports have

    def change(self) -> None:
        if self.random.random() < 0.3:
            numbers = self.random.sample(range(1, 9), 2)
            self.rules = [*views.EGRESS_ALL, *OF_GROUP, *map(views.tcp_in, numbers)]
            self.ports = {
                name: (of, msgspec.structs.replace(port, rules=self.rules) if port.groups else port)
                for name, (of, port) in self.ports.items()
            }
        for _ in range(self.random.choice((1, 1, 1, 3))):
            name = f"p{self.random.randint(10, 22)}"
            if name in self.ports and self.random.random() < 0.4:
                del self.ports[name]
                continue
            secure = self.random.random() < 0.8
            groups = ["common"] if secure and self.random.random() < 0.6 else []
            own = self.random.choice(CHOICES) if secure else []
            pair = self.random.choice(("10.55.0.200", "10.55.0.128/25", "10.0.0.0/8"))
            one = views.port(
                name,
                f"10.55.0.{name[1:]}",
                "n1-subnet",
                groups=groups,
                rules=self.rules if groups else own,
                port_security=secure,
                admin_state_up=self.random.random() < 0.9,
                allowed_address_pairs=[
                    AddressPair(ip_address=pair, mac_address=views.mac_of(name))
                ][: self.random.choice((0, 0, 1))],
            )
            self.ports[name] = (self.random.choice(("n1", "n1", "n2")), one)

    def view(self, generation: int) -> HostNetworkView:
        nets = [
            views.network(
                name, dhcp=name == "n1", ports=[p for of, p in self.ports.values() if of == name]
            )
            for name in ("n1", "n2")
        ]
        nets = [net for net in nets if net.ports or net.id == views.uid("n1")]
        router = views.router("r1", nets[:1])
        members = {
            port.id: [
                *(ip.ip_address for ip in port.fixed_ips),
                *(pair.ip_address for pair in port.allowed_address_pairs),
            ]
            for _, port in self.ports.values()
            if port.rules
        }
        made = views.host(nets, [router], generation=generation)
        return msgspec.structs.replace(made, groups={"g": members})


@pytest.mark.parametrize("seed", range(3))
def test_a_host_that_was_changed_is_as_one_made_anew(
    sandbox: None, tmp_path: Path, seed: int
) -> None:
    networks = Networks(seed)
    driver = LinuxNetworkDriver(tmp_path, instance="stratotest")
    small = 0
    try:
        for generation in range(1, 13):
            networks.change()
            before = table()
            view = networks.view(generation)
            assert driver.apply(view).errors == {}
            small += before == table()
            changed = state()
            again = LinuxNetworkDriver(tmp_path, instance="stratotest")  # knows nothing
            assert again.apply(view).errors == {}
            again.close()
            assert changed == state()
            # the rules were loaded by somebody else: the next pass has to look at all of it
            if generation % 4:
                driver.close()
                assert driver.apply(view).errors == {}
    finally:
        driver.remove_all()
    assert small >= 6  # in most steps no table was made anew
