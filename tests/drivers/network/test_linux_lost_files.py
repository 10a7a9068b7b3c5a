"""Files by which the driver knows its processes and namespaces are lost: the next pass goes on."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess

import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces, processes
from tests.drivers.network import views
from tests.drivers.network.dhcp_client import lease

pytestmark = pytest.mark.root
_libc = ctypes.CDLL(None, use_errno=True)
_MNT_DETACH = 2


def a_view():
    n1 = views.network("n1", ports=[views.port("a", "10.55.0.11", "n1-subnet")], dhcp=True)
    router = views.router("r1", [n1], "172.31.249.10", {})
    return views.host([n1], [router], external=True), n1


def look_again(driver, view) -> None:
    """The full pass, which looks at everything."""
    driver._memory.last_deep = float("-inf")
    assert not driver.apply(view).errors


@pytest.mark.parametrize("lost", ["pid", "loaded", "leases", ""])
def test_files_of_a_dhcp_server(driver, guest, tmp_path, lost):
    view, n1 = a_view()
    assert not driver.apply(view).errors
    machine = guest(n1.ports[0])
    home = tmp_path / "network" / "dhcp" / n1.id
    if lost:
        (home / lost).unlink()
    else:
        shutil.rmtree(home)
    look_again(driver, view)
    assert processes.having(f"--pid-file={home / 'pid'}") == [driver._dnsmasq.pid(n1.id)]
    got = namespaces.run_in(machine.name, lambda: lease("eth0", n1.ports[0].mac))
    assert got[0] == "10.55.0.11"


def test_the_server_of_a_network_that_is_deleted_without_its_pid_file(driver, tmp_path):
    view, n1 = a_view()
    assert not driver.apply(view).errors
    home = tmp_path / "network" / "dhcp" / n1.id
    (home / "pid").unlink()
    look_again(driver, views.host([]))
    assert processes.having(f"--pid-file={home / 'pid'}") == []


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_name_without_its_namespace(driver, is_wanted):
    """Somebody unmounted it, or ended between the file and the mount."""
    view, _ = a_view()
    assert not driver.apply(view).errors
    name = f"qrouter-{view.routers[0].id}"
    path = namespaces.DIRECTORY / name
    assert _libc.umount2(os.fsencode(path), _MNT_DETACH) == 0
    assert path.exists()
    look_again(driver, view if is_wanted else views.host([]))
    assert path.exists() == is_wanted
    assert (namespaces.inode(name) is not None) == is_wanted


def test_the_ledger(driver, tmp_path):
    view, _ = a_view()
    assert not driver.apply(view).errors
    (tmp_path / "network" / "ledger.json").unlink()
    look_again(driver, view)
    driver.close()
    next_driver = LinuxNetworkDriver(tmp_path, instance="stratotest")
    assert not next_driver.apply(view).errors
    next_driver.close()


@pytest.mark.parametrize("content", [None, "", "{}"])
def test_the_ledger_while_no_agent_runs(driver, tmp_path, content):
    """The namespaces have a mark: the next agent goes on with them, or removes them."""
    view, _ = a_view()
    assert not driver.apply(view).errors
    ledger, name = tmp_path / "network" / "ledger.json", f"qrouter-{view.routers[0].id}"
    before = namespaces.inode(name)
    driver.close()
    for is_wanted in (True, False):
        ledger.unlink()
        if content is not None:
            ledger.write_text(content)
        next_driver = LinuxNetworkDriver(tmp_path, instance="stratotest")
        if is_wanted:
            assert not next_driver.apply(view).errors
            assert namespaces.inode(name) == before
            next_driver.close()
        else:
            next_driver.remove_all()
            assert namespaces.inode(name) is None


def test_a_full_disk_keeps_no_router_from_being_made(driver, tmp_path):
    (tmp_path / "network").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "x", tmp_path / "network"], check=True)
    filler = tmp_path / "network" / "filler"
    try:
        with contextlib.suppress(OSError):
            filler.write_bytes(bytes(100_000))
        n1 = views.network("n1")
        view = views.host([n1], [views.router("r1", [n1])])
        applied = driver.apply(view)
        assert list(applied.errors) == ["ledger"]
        assert applied.routers == [view.routers[0].id]
        filler.unlink()
        assert not driver.apply(view).errors
        assert (tmp_path / "network" / "ledger.json").exists()
    finally:
        subprocess.run(["umount", "--lazy", tmp_path / "network"], check=True)
