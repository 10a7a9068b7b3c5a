"""Ports come and go while a client renews; servers die; nobody else can read what they know."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from stratolith.kernel import metrics
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.dhcp_client import lease

pytestmark = pytest.mark.root

ADDRESS = "10.55.0.21"
TAGGED = [("67", "boot.bin")]
ROUNDS = 12


def rounds_of_churn(driver, guest, rounds: int, tagged: str) -> set[int]:
    """A port is made, the client renews, the port is deleted; gives the servers' pids."""
    own = TAGGED if tagged in ("client", "all") else []
    others = TAGGED if tagged in ("others", "all") else []
    client = views.port("client", ADDRESS, "n1-subnet", extra_dhcp_opts=own)

    def apply(*more) -> int:
        net = views.network("n1", ports=[client, *more], dhcp=True)
        assert not driver.apply(views.host([net])).errors
        pid = driver._dnsmasq.pid(net.id)
        assert pid is not None
        return pid

    seen = {apply()}
    machine = guest(client)
    for number in range(rounds):
        address = f"10.55.0.{30 + number % 200}"
        other = views.port(f"other{number}", address, "n1-subnet", extra_dhcp_opts=others)
        seen.add(apply(other))
        for _ in range(2):
            got, options = namespaces.run_in(machine.name, lambda: lease("eth0", client.mac))
            assert got == ADDRESS
            assert (67 in options) == bool(own)
        seen.add(apply())
    return seen


@pytest.mark.parametrize("tagged", ["nobody", "client", "others", "all"])
def test_the_server_survives_port_churn(driver, guest, tagged):
    before = metrics.REGISTRY.get_sample_value(*RESTARTS) or 0
    seen = rounds_of_churn(driver, guest, ROUNDS, tagged)
    assert (metrics.REGISTRY.get_sample_value(*RESTARTS) or 0) == before, "it never died"
    if tagged == "nobody":
        assert len(seen) == 1, "a reservation without a tag needs no new server"


RESTARTS = ("stratolith_helper_restarts_total", {"helper": "dnsmasq"})


def watched(driver) -> threading.Event:
    stopping = threading.Event()
    threading.Thread(target=driver.keep_watch, args=(stopping,), daemon=True).start()
    return stopping


def wait_for(check, seconds: float = 20.0) -> None:
    """A wide limit: this machine may be busy. How soon it is on a calm one, docs/design says."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_that_dies_is_brought_back_without_a_new_view(driver, guest):
    nets = [
        views.network(name, cidr=f"10.{n}.0.0/24", ports=[views.port(f"p{n}", f"10.{n}.0.9",
        f"{name}-subnet")], dhcp=True) for n, name in ((55, "n1"), (56, "n2"))
    ]  # fmt: skip
    assert not driver.apply(views.host(nets)).errors
    machine = guest(nets[0].ports[0])
    before = metrics.REGISTRY.get_sample_value(*RESTARTS) or 0
    stopping = watched(driver)
    try:
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            pids = [driver._dnsmasq.pid(net.id) for net in nets]
            for pid in pids:
                os.kill(pid, number)
            wait_for(lambda old=pids: all(
                driver._dnsmasq.pid(net.id) not in (None, *old) for net in nets
            ))  # fmt: skip
        got = namespaces.run_in(machine.name, lambda: lease("eth0", nets[0].ports[0].mac))
        assert got[0] == "10.55.0.9"
        # one that ended again while it started counts twice
        wait_for(lambda: metrics.REGISTRY.get_sample_value(*RESTARTS) >= before + 6)
    finally:
        stopping.set()


def test_filters_that_are_taken_away_are_back_without_a_new_view(driver):
    net = views.network("n1", ports=[views.port("p", ADDRESS, "n1-subnet")])
    router = views.router("r1", [net])
    assert not driver.apply(views.host([net], [router])).errors
    stopping = watched(driver)

    def tables() -> str:
        return subprocess.check_output(["nft", "list", "tables"], text=True)

    def in_router() -> str:
        return namespaces.run_in(f"qrouter-{router.id}", tables)

    try:
        here, there = tables(), in_router()
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        wait_for(lambda: sorted(tables().split("\n")) == sorted(here.split("\n")))
        namespaces.run_in(
            f"qrouter-{router.id}", lambda: subprocess.run(["nft", "flush", "ruleset"], check=True)
        )
        wait_for(lambda: in_router() == there)
    finally:
        stopping.set()


def test_a_change_that_the_server_was_not_told_of_is_made_up_for(driver, guest, tmp_path):
    """The agent dies between writing the files and telling the server."""
    one = views.port("vm1", ADDRESS, "n1-subnet")
    two = views.port("vm2", "10.55.0.22", "n1-subnet")
    view = views.host([views.network("n1", ports=[one, two], dhcp=True)])
    driver.apply(views.host([views.network("n1", ports=[one], dhcp=True)]))
    pid = driver._dnsmasq.pid(views.uid("n1"))
    os.kill(pid, signal.SIGSTOP)
    assert not driver.apply(view).errors
    (tmp_path / "network/dhcp" / views.uid("n1") / "loaded").unlink()
    os.kill(pid, signal.SIGKILL)
    driver.close()
    assert not driver.apply(view).errors
    assert namespaces.run_in(guest(two).name, lambda: lease("eth0", two.mac))[0] == "10.55.0.22"


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_no_other_user_can_read_what_the_driver_writes(driver, guest, tmp_path, mask):
    one = views.port("vm1", ADDRESS, "n1-subnet", extra_dhcp_opts=TAGGED)
    two = views.port("vm2", "10.55.0.22", "n1-subnet")
    tmp_path.chmod(0o755)
    before = os.umask(mask)
    try:
        assert not driver.apply(views.host([views.network("n1", ports=[one], dhcp=True)])).errors
        machine = guest(one)
        assert namespaces.run_in(machine.name, lambda: lease("eth0", one.mac))[0] == ADDRESS
        view = views.host([views.network("n1", ports=[one, two], dhcp=True)])
        assert not driver.apply(view).errors
    finally:
        os.umask(before)
    found = sorted(path for path in (tmp_path / "network").rglob("*"))
    assert {"host", "opts", "addn_hosts", "leases", "ledger.json"} <= {one.name for one in found}
    for path in (tmp_path / "network", *found):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert not mode & 0o007, f"{path} {mode:o}"
    assert stat.S_IMODE((tmp_path / "network").stat().st_mode) == 0o700
    for path in found:
        assert not path.stat().st_mode & stat.S_IWGRP
    status = Path(f"/proc/{driver._dnsmasq.pid(views.uid('n1'))}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert "0" not in uids, "dnsmasq gave the privileges of root up"


def test_the_server_sees_nothing_else_of_the_state_directory(driver, tmp_path):
    secret = tmp_path / "secrets.json"
    secret.write_text("{}")
    net = views.network("n1", ports=[views.port("vm1", ADDRESS, "n1-subnet")], dhcp=True)
    assert not driver.apply(views.host([net])).errors
    root = Path(f"/proc/{driver._dnsmasq.pid(net.id)}/root")
    assert not (root / secret.relative_to("/")).exists()
    assert (root / tmp_path.relative_to("/") / "network/dhcp" / net.id / "host").exists()
