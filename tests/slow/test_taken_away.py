"""Everything a host's network is made of is taken away, one by one, under a running guest."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.e2e.guests import User, output
from tests.e2e.test_recovery import guest_pid
from tests.installation import Installation

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(900)]


def ours() -> list[tuple[str, ...]]:
    """What removes each link, namespace and table of the cloud, and each DHCP server's process."""
    found: list[tuple[str, ...]] = [
        ("ip", "link", "delete", line.split(": ")[1].split("@")[0])
        for line in output("ip", "-o", "link").split("\n")
        if "alias stratolith:" in line
    ]
    tables = output("nft", "list", "tables").split("\n")
    found += [("nft", "delete", *line.split()) for line in tables if "stratolith" in line]
    for line in output("ip", "netns", "list").split("\n"):
        name = line.split(" ")[0]
        if name.startswith(("qrouter-", "qdhcp-")):
            found.append(("ip", "netns", "delete", name))
            pids = output("ip", "netns", "pids", name).split()
            found += [("kill", "-9", pid) for pid in pids]
    return found


def test_a_guest_survives_the_loss_of_each_object_of_its_network(
    real_cloud: Installation,
    demo: User,
    server: str,
) -> None:
    """Taps, bridges, veths, tables, namespaces, DHCP servers, one by one, under a running guest."""
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    pid = guest_pid(server)
    everything = ours()
    assert {words[0] + words[1] for words in everything} == {
        "iplink", "ipnetns", "nftdelete", "kill-9",
    }  # fmt: skip
    for words in everything:
        if words[0] == "kill":  # the one before may be another by now
            words = next(one for one in ours() if one[0] == "kill")
        subprocess.run(words, check=True)
        time.sleep(1)
        demo.wait_ssh(address, 20)
        asked = demo.ssh(
            address,
            "wget -qO- http://169.254.169.254/openstack/latest/meta_data.json &&"
            " sudo kill -USR1 $(cat /run/udhcpc.eth0.pid)",
        )
        assert server in asked.stdout, (words, asked)
        assert asked.returncode == 0, (words, asked)
    assert guest_pid(server) == pid
    assert demo.server(server)["status"] == "ACTIVE"
    time.sleep(2)  # the last renewal
    assert demo.ssh(address, "ip -4 -o address show eth0").returncode == 0
    demo.delete(server)
