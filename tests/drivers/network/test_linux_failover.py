"""A router on two hosts: one is active, and the other takes over when it dies or is cut off."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import processes
from tests.drivers.network import views
from tests.drivers.network.failover import (
    FLOATING,
    WORLD,
    Switch,
    advertises,
    answers,
    connected,
    inside,
    is_active,
    kill,
    realise,
    started,
    two_hosts,
    wait,
)
from tests.drivers.network.guests import echo
from tests.drivers.network.machines import Machine

pytestmark = [pytest.mark.root, pytest.mark.timeout(120)]


@pytest.fixture
def hosts(sandbox: None, tmp_path: Path) -> Iterator[tuple[Switch, Machine, Machine]]:
    with two_hosts(tmp_path) as made:
        yield made


def test_a_connection_to_a_floating_ip_outlives_the_active_host(hosts) -> None:
    switch, a, b = hosts
    guest = started(a, b)
    with guest.serving(80) as clients, connected(switch) as sock:
        assert echo(sock) and clients == [WORLD] and not is_active(2)
        wait(lambda: advertises(a, 1), 10, "the active host advertises the router")
        assert not advertises(b, 2)
        kill(a, switch, "a")
        begun = time.monotonic()
        assert echo(sock)
        silent = time.monotonic() - begun
        assert silent < 10, silent
        assert is_active(2)
    with pytest.raises(ConnectionRefusedError):  # the router itself, by IPv6
        guest.connect("fd00:55::1", 9)
    wait(lambda: advertises(b, 2), 10, "the new active host advertises the router")


def places(machine: Machine, mac: str) -> list[str]:
    """The devices behind which the bridge of a host expects a MAC address."""
    lines = machine.sh(f"bridge fdb show | grep '{mac}.* master ' || true").splitlines()
    return sorted({line.split("dev ")[1].split()[0] for line in lines})


def test_a_host_that_was_cut_off_leaves_one_active_host(hosts) -> None:
    switch, a, b = hosts
    guest = started(a, b)
    mac = views.mac_of(f"r-{views.uid('n1')}")
    tunnel = names.tunnel(views.uid("n1"))
    end = names.host_interface(views.uid(f"r-{views.uid('n1')}"))
    with guest.serving(80):
        assert answers(switch)
        assert places(a, mac) == [end] and places(b, mac) == [tunnel]
        switch.cut("a", "down")
        wait(lambda: is_active(2), 10, "the other host takes over")
        assert is_active(1)  # nobody told it
        wait(lambda: answers(switch), 10, "the floating IP answers")
        switch.cut("a", "up")
        wait(lambda: is_active(1) != is_active(2), 15, "one host is active")
        wait(lambda: answers(switch), 10, "the floating IP answers")
        time.sleep(2)
        active, other = (a, b) if is_active(1) else (b, a)
        assert is_active(1) != is_active(2)
        # the other host sends the guests' frames to the active one, and has no address itself
        shown = other.sh(f"bridge fdb show dev {tunnel} | grep '{mac}.*dst'").split()
        assert shown[shown.index("dst") + 1] == active.address
        assert places(other, mac) == [tunnel]
        assert places(active, mac) == [end]
        number = 2 if active is a else 1
        assert "qr-" not in inside(number, "ip -o addr")
        learned = switch.sh(f"bridge fdb show br ext | grep {views.mac_of('r-gw')}").split()
        assert learned[2] == ("ext-a" if active is a else "ext-b")


def test_changes_reach_the_active_host_and_a_helper_that_ends_leaves_one_active(hosts) -> None:
    switch, a, b = hosts
    guest = started(a, b)
    more = (FLOATING, "172.31.249.21")
    with guest.serving(80):
        assert answers(switch) and not answers(switch, more[1])
        for mine, peer, number in ((a, b, 1), (b, a, 2)):
            applied = realise(mine, peer, number, guest_here=mine is b, fips=more)
            assert applied.elections == {views.uid(f"r{number}"): mine is a}
        wait(lambda: answers(switch, more[1]), 10, "the new floating IP answers")
        assert is_active(1) and not is_active(2)
        realise(a, b, 1, guest_here=False)
        realise(b, a, 2, guest_here=True)
        assert not answers(switch, more[1]) and answers(switch)
        pid = a.driver._keepalived.pid(views.uid("r1"))
        os.kill(pid, signal.SIGKILL)
        wait(lambda: is_active(2), 10, "the other host takes over")
        wait(lambda: a.driver._keepalived.pid(views.uid("r1")) not in (None, pid), 10, "again")
        assert not is_active(1) and answers(switch)
        pid_file = a.driver._keepalived.directory / views.uid("r1") / "pid"
        before = processes.having(str(pid_file))
        pid_file.unlink()
        a.driver._memory.last_deep = float("-inf")
        realise(a, b, 1, guest_here=False)
        assert len(processes.having(str(pid_file))) == len(before), "two would elect each other"
        assert a.driver._keepalived.pid(views.uid("r1")) in processes.having(str(pid_file))


def test_what_a_helper_that_died_left_makes_no_host_active(tmp_path: Path) -> None:
    with two_hosts(tmp_path, watched=False) as (_, a, b):
        started(a, b)
        pid_file = a.driver._keepalived.directory / views.uid("r1") / "pid"
        for pid in processes.having(str(pid_file)):
            os.kill(pid, signal.SIGKILL)
        assert is_active(1) and a.driver.wait_for_change(10)
        # a number that another process has by now, as after a restart of the machine
        (pid_file.parent / "vrrp").write_text(f"{os.getpid()}\n")
        applied = realise(a, b, 1, guest_here=False)
        assert applied.elections == {views.uid("r1"): False}
