"""Files of helper processes are lost: each helper is found, and exactly one of it runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views, views6
from tests.drivers.network.dhcp_client import lease
from tests.drivers.network.failover import is_active, started, two_hosts, wait
from tests.drivers.network.test_linux_repair import sh

pytestmark = pytest.mark.root

NETWORK, ROUTER = views.uid("n1"), views.uid("r1")
PORT = views.port("vm1", "10.55.0.21", "n1-subnet")


def plain_view():
    return views.host([views.network("n1", ports=[PORT], dhcp=True, gateway=False)])


def advertised_view():
    """A network whose router has a dnsmasq that advertises it."""
    network = views6.network("n1", [views6.subnet("six", "2001:db8:1::", "slaac")], [], dhcp=False)
    return views.host([network], [views6.router("r1", [network])])


def running(program: str, folder: Path) -> list[int]:
    """The processes of the program that were started with files in this directory."""
    pids = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if os.path.basename(words[0]) == program and any(str(folder) in w for w in words[1:]):
            pids.append((int(entry.name), parent))
    all_pids = {pid for pid, _ in pids}
    return [pid for pid, parent in pids if parent not in all_pids]


def look_at_everything(driver: LinuxNetworkDriver) -> None:
    driver._memory.last_deep = float("-inf")


def restarted(driver: LinuxNetworkDriver, state_dir: Path) -> LinuxNetworkDriver:
    driver.close()
    return LinuxNetworkDriver(state_dir, instance=driver.instance)


LOSSES = {
    "directory of all": lambda home: shutil.rmtree(home.parent),
    "directory": shutil.rmtree,
    "pid file": lambda home: (home / "pid").unlink(),
    "content of the pid file": lambda home: os.truncate(home / "pid", 0),
    "moved away": lambda home: home.rename(home.with_name("elsewhere")),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("new_agent", [False, True], ids=["same agent", "new agent"])
def test_a_server_that_lost_its_files_is_replaced(driver, guest, tmp_path, loss, new_agent):
    view = plain_view()
    assert not driver.apply(view).errors
    home = driver._dnsmasq.directory / NETWORK
    LOSSES[loss](home)
    if new_agent:
        driver = restarted(driver, tmp_path)
    for _ in range(2):
        look_at_everything(driver)
        assert not driver.apply(view).errors
    assert running("dnsmasq", tmp_path) == [driver._dnsmasq.pid(NETWORK)]
    assert (home / "pid").read_text().strip() == str(driver._dnsmasq.pid(NETWORK))
    machine = guest(PORT)
    assert namespaces.run_in(machine.name, lambda: lease("eth0", PORT.mac))[0] == "10.55.0.21"
    driver.close()


def test_a_router_that_lost_its_files_is_advertised_by_one_process(driver, tmp_path):
    view = advertised_view()
    assert not driver.apply(view).errors
    assert len(running("dnsmasq", tmp_path)) == 1
    for _ in range(2):
        shutil.rmtree(driver._dnsmasq.directory)
        look_at_everything(driver)
        assert not driver.apply(view).errors
    assert running("dnsmasq", tmp_path) == [driver._dnsmasq.pid(ROUTER)]


def test_files_and_namespace_lost_while_no_agent_runs(driver, tmp_path):
    view = plain_view()
    assert not driver.apply(view).errors
    driver.close()
    shutil.rmtree(driver._dnsmasq.directory)
    sh(f"ip netns del qdhcp-{NETWORK}")
    driver = restarted(driver, tmp_path)
    assert not driver.apply(view).errors
    assert running("dnsmasq", tmp_path) == [driver._dnsmasq.pid(NETWORK)]
    driver.close()


@pytest.mark.parametrize("made", [plain_view, advertised_view])
def test_a_server_without_files_ends_with_its_namespace(driver, tmp_path, made):
    assert not driver.apply(made()).errors
    shutil.rmtree(driver._dnsmasq.directory)
    look_at_everything(driver)
    assert not driver.apply(views.host([], generation=2)).errors
    assert running("dnsmasq", tmp_path) == []


def test_a_stopped_server_goes_on(driver, guest, tmp_path, caplog):
    view = plain_view()
    assert not driver.apply(view).errors
    pid = driver._dnsmasq.pid(NETWORK)
    os.kill(pid, signal.SIGSTOP)
    look_at_everything(driver)
    assert not driver.apply(view).errors
    assert driver._dnsmasq.pid(NETWORK) == pid
    assert f"dnsmasq of {NETWORK} was stopped" in caplog.text
    machine = guest(PORT)
    assert namespaces.run_in(machine.name, lambda: lease("eth0", PORT.mac))[0] == "10.55.0.21"


def test_a_server_without_files_ends_with_the_cloud(driver, tmp_path):
    assert not driver.apply(plain_view()).errors
    shutil.rmtree(driver._dnsmasq.directory)
    driver.close()
    LinuxNetworkDriver(tmp_path, instance=driver.instance).remove_all()
    assert running("dnsmasq", tmp_path) == []


def test_processes_that_only_look_alike_go_on(driver, tmp_path):
    """Another program that names our file, and the server of a cloud elsewhere under our path."""
    view = plain_view()
    assert not driver.apply(view).errors
    home = driver._dnsmasq.directory / NETWORK
    named = f"exec -a dnsmasq bash -c 'read x; :' --pid-file={home / 'pid'}"
    others = [
        subprocess.Popen(["bash", "-c", command], stdin=subprocess.PIPE)
        for command in (
            named.replace("dnsmasq", "reader", 1),
            f'unshare --mount bash -c "mount -t tmpfs x {tmp_path}; mkdir -p {home}; {named}"',
        )
    ]
    try:
        wait(lambda: len(running("dnsmasq", tmp_path)) == 2, 10, "the other server runs")
        look_at_everything(driver)
        assert not driver.apply(view).errors
        driver.remove_all()
        assert [other.poll() for other in others] == [None, None]
    finally:
        for other in others:
            other.kill()
            other.communicate()


@pytest.mark.timeout(120)
def test_an_election_that_lost_its_files_is_replaced(sandbox, tmp_path):
    with two_hosts(tmp_path, watched=False) as (_, a, b):
        started(a, b)
        keepalived = a.driver._keepalived
        router = views.uid("r1")
        for loss in LOSSES.values():
            loss(keepalived.directory / router)
            look_at_everything(a.driver)
            assert not a.run(lambda: a.driver.apply(a.driver._memory.view)).errors
            assert running("keepalived", tmp_path / "a") == [keepalived.pid(router)]
        wait(lambda: is_active(1) != is_active(2), 15, "one host is active")
        shutil.rmtree(keepalived.directory)
        look_at_everything(a.driver)
        a.run(lambda: a.driver.apply(views.host([], generation=2)))
        assert running("keepalived", tmp_path / "a") == []
