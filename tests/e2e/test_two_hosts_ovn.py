"""Two machines change to driver ovn by one setting; guests are namespaces behind their taps."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network.guests import Guest
from tests.e2e.guests import User, wait
from tests.e2e.test_two_hosts import ADDRESSES, CLONE_NEWNET, Machine, _libc
from tests.e2e.test_two_hosts import two as two

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(300)]
T = TypeVar("T")


def within(machine: Machine, work: Callable[[], T]) -> T:
    """Run it in a thread that has the network of the machine."""

    def body() -> T:
        inside = os.open(f"/proc/{machine.holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            assert _libc.setns(inside, CLONE_NEWNET) == 0
        finally:
            os.close(inside)
        return work()

    return namespaces.in_thread(body)


def chassis(first: Machine) -> set[str]:
    socket = first.cloud.state_dir / "ovn" / "sb.sock"
    command = ["ovn-sbctl", f"--db=unix:{socket}", "--bare", "--columns=name", "list", "Chassis"]
    done = subprocess.run(command, capture_output=True, text=True)
    return set(done.stdout.split())


def port_on(admin: User, network: str, host: str) -> dict[str, Any]:
    body = {
        "network_id": network,
        "binding:host_id": host,
        "device_owner": "compute:nova",
        "device_id": f"guest of {host}",
        "port_security_enabled": False,
    }
    port = admin.api.post("network", "/v2.0/ports", {"port": body})["port"]
    return dict(port)


def plugged(machine: Machine, port: dict[str, Any]) -> Guest:
    guest = within(machine, lambda: Guest(f"tap{port['id'][:11]}", port["mac_address"]))
    guest.configure(f"{port['fixed_ips'][0]['ip_address']}/24", "10.77.0.1")
    return guest


def test_one_setting_moves_two_hosts_to_ovn(two: tuple[Machine, Machine], tmp_path: Path) -> None:
    first, second = two
    here = os.uname().nodename
    image = tmp_path / "empty.img"
    image.write_bytes(bytes(1 << 20))
    first.cloud.environment["STRATOLITH_HOSTS_LISTEN"] = ADDRESSES[0]
    first.cloud.up_real("--image", str(image))
    line = first.cloud.run("token", "create").stdout.strip().splitlines()[-1]
    second.cloud.run(*line.split()[1:], "--name", "second")
    admin = User(first.cloud, "admin")
    network, _ = admin.network("both", "10.77.0.0/24")
    ports = {host: port_on(admin, network, host) for host in (here, "second")}
    machines = {here: first, "second": second}

    def are_active() -> bool:
        shown = admin.api.get("network", f"/v2.0/ports?network_id={network}")["ports"]
        return all(p["status"] == "ACTIVE" for p in shown if p["device_owner"] == "compute:nova")

    def talk() -> None:
        guests = {host: plugged(machines[host], port) for host, port in ports.items()}
        try:
            with guests["second"].serving(80):
                address = ports["second"]["fixed_ips"][0]["ip_address"]
                assert guests[here].reaches(address, 80)
        finally:
            for guest in guests.values():
                guest.close()

    wait(are_active, 30, "ports of driver linux")
    talk()

    first.cloud.environment["STRATOLITH_NETWORK_DRIVER"] = "ovn"
    started = time.monotonic()
    first.cloud.up_real()
    wait(lambda: chassis(first) == {here, "second"}, 60, "both hosts are in OVN")
    print(f"moved in {time.monotonic() - started:.1f} s")
    wait(are_active, 30, "ports of driver ovn")
    assert "br-stl-int" in second.sh("ip -o link") and "brq" not in second.sh("ip -o link")
    talk()
    tap = f"tap{ports['second']['id'][:11]}"
    assert "mtu 1442" in second.sh(f"ip link show {tap}"), "what fits into its tunnels"
    assert "works" in second.cloud.run("status").stdout

    for port in ports.values():
        admin.api.call("DELETE", "network", f"/v2.0/ports/{port['id']}")
    second.cloud.run("leave")
    wait(lambda: chassis(first) == {here}, 10, "the host that left is not in OVN")
    assert not list((first.cloud.state_dir / "ovn" / "hosts").glob("*.pem"))
