"""Two machines with real guests: one tenant network between them, by the commands of the how-to.

Each machine is a network namespace with a /run of its own; a cable joins them.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.guests import User, wait
from tests.installation import Installation, free_offset

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(900)]

CLONE_NEWNET = 0x40000000
ADDRESSES = ("192.0.2.1", "192.0.2.2")
_libc = ctypes.CDLL(None, use_errno=True)


class Machine:
    """One machine; ``cloud`` runs the commands on it."""

    def __init__(self, place: Path) -> None:
        script = "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && exec sleep 3600"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-ec", script],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout is not None and self.holder.stdout.readline() == "ready\n"
        enter = ["nsenter", "-t", str(self.holder.pid), "-n", "-m"]
        self.enter = enter
        self.cloud = Installation(
            place, free_offset(), [*enter, sys.executable, "-m", "stratolith"]
        )

    def sh(self, script: str) -> str:
        done = subprocess.run([*self.enter, "sh", "-ec", script], capture_output=True, text=True)
        assert done.returncode == 0, f"{script}: {done.stderr}"
        return done.stdout

    def close(self) -> None:
        """Take the cloud away; nothing of it may be left on the machine."""
        try:
            if self.cloud.layout.exists():
                self.cloud.run("destroy", "--yes")
            left = self.sh("ip -o link; nft list tables")
            assert "stratolith" not in left and "sv-" not in left and "tap" not in left
        finally:
            self.holder.kill()
            self.holder.wait()
            assert self.holder.stdout is not None
            self.holder.stdout.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    """The test's thread sees the network of the first machine, as somebody there would."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    first, second = Machine(tmp_path / "first"), Machine(tmp_path / "second")
    first.sh(
        f"ip link add wire type veth peer name wire netns {second.holder.pid}; "
        f"ip addr add {ADDRESSES[0]}/24 dev wire; ip link set wire up"
    )
    second.sh(f"ip addr add {ADDRESSES[1]}/24 dev wire; ip link set wire up")
    inside = os.open(f"/proc/{first.holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    assert _libc.setns(inside, CLONE_NEWNET) == 0
    try:
        yield first, second
    finally:
        for machine in (second, first):
            machine.close()
        assert _libc.setns(before, CLONE_NEWNET) == 0
        os.close(before)
        os.close(inside)


def put_on(admin: User, host: str, others: list[str]) -> None:
    """Have the scheduler choose this host from now on."""
    for service in admin.api.get("compute", "/os-services?binary=nova-compute")["services"]:
        what = "enable" if service["host"] == host else "disable"
        assert service["host"] in (host, *others)
        body = {"host": service["host"], "binary": "nova-compute"}
        admin.api.call("PUT", "compute", f"/os-services/{what}", body)


def test_guests_on_two_hosts_reach_each_other(two: tuple[Machine, Machine]) -> None:
    guests_reach_each_other(*two, routers_answer=True)


def guests_reach_each_other(first: Machine, second: Machine, routers_answer: bool) -> None:
    """Of one network, a guest on each host; with what a user sees of them from outside.

    ``routers_answer``: whether the host of a router answers for it when a user asks for a
    diagnosis; OVN has it on every host.
    """
    here = os.uname().nodename
    first.cloud.environment["STRATOLITH_HOSTS_LISTEN"] = ADDRESSES[0]
    first.cloud.up_real()
    line = first.cloud.run("token", "create").stdout.strip().splitlines()[-1]
    second.cloud.run(*line.split()[1:], "--name", "second")
    demo, admin = User(first.cloud, "demo"), User(first.cloud, "admin")
    # somebody else has a network of the same range, with a guest that anybody may talk to
    beside, _ = admin.network("beside", "10.0.0.0/24")
    body = {"port": {"network_id": beside, "port_security_enabled": False,
                     "fixed_ips": [{"ip_address": "10.0.0.200"}]}}  # fmt: skip
    port = admin.api.post("network", "/v2.0/ports", body)["port"]["id"]
    image = admin.named("image", "/v2/images", "images", "cirros")
    private = demo.named("network", "/v2.0/networks", "networks", "private")

    put_on(admin, "second", [here])
    stranger = {
        "name": "stranger",
        "imageRef": image,
        "flavorRef": "42",
        "networks": [{"port": port}],
    }
    strange = admin.api.post("compute", "/servers", {"server": stranger})["server"]["id"]
    there = demo.boot("there", private)
    shown = admin.wait_status(there, "ACTIVE", 120)
    assert shown["OS-EXT-SRV-ATTR:host"] == "second"
    put_on(admin, here, ["second"])
    near = demo.boot("near", private)
    assert admin.wait_status(near, "ACTIVE", 120)["OS-EXT-SRV-ATTR:host"] == here
    demo.wait_ssh(floating := demo.floating_ip(near))
    address = shown["addresses"]["private"][0]["addr"]

    def answers(target: str) -> bool:
        return demo.ssh(floating, f"ping -c 1 -W 2 {target}").returncode == 0

    wait(lambda: answers(address), 120, f"{address} on the other host answers")
    # it came up with its address, by DHCP, and with what the metadata service says, on its host
    wait(lambda: "login:" in demo.console(there), 60, "a login on the other host")
    admin.wait_status(strange, "ACTIVE")
    wait(lambda: "login:" in admin.console(strange), 120, "the stranger is up")
    for _ in range(3):
        assert not answers("10.0.0.200")
        time.sleep(0.5)
    # from the world through the router on the first host to the guest on the second
    demo.wait_ssh(outer := demo.floating_ip(there))
    assert demo.ssh(outer, "hostname").stdout.strip() == "there"
    metadata = demo.ssh(outer, "curl -s http://169.254.169.254/openstack/latest/meta_data.json")
    assert there in metadata.stdout
    # each host answers for its part
    of_router = [here] if routers_answer else []
    for server, hosts in ((there, ["second", *of_router]), (near, [here])):
        hops = first.cloud.run("diagnose", "server", server).stdout
        assert "FAIL" not in hops and all(f"{host}: " in hops for host in hosts), hops
    drawn = first.cloud.run("network", "map").stdout
    assert f"tunnels to {ADDRESSES[1]}" in drawn and f"tunnels to {ADDRESSES[0]}" in drawn
    for server in (there, near):
        demo.delete(server)
    admin.delete(strange)
    wait(lambda: not admin.api.get("compute", "/servers?all_tenants=1")["servers"], 60, "all gone")
    second.cloud.run("leave")
