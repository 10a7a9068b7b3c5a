"""Tampering, restarts, foreign objects and complete removal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stratolith.network.drivers.base import AddressPair, NetworkDriverError, RuleView
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.test_contract import a_view

pytestmark = pytest.mark.root

ROUTER = f"qrouter-{views.uid('r1')}"
DHCP = f"qdhcp-{views.uid('n1')}"
BRIDGE = f"brq{views.uid('n1')[:11]}"


def sh(script: str, namespace: str = "") -> str:
    def body() -> str:
        done = subprocess.run(["/bin/sh", "-ec", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return namespaces.run_in(namespace, body) if namespace else body()


def settings() -> str:
    lines = sh("sysctl -a 2>/dev/null | grep -E '^net' | grep -vE 'nf_conntrack_count|entries'")
    return "\n".join(sorted(lines.splitlines()))


def servers(state_dir: Path) -> set[str]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "dnsmasq" in line.split("\0")[0] and str(state_dir) in line:
                found.add(line)
    return found


def inner_state(namespace: str) -> str:
    """Addresses, routes, links and rules of a namespace, without what changes by itself."""
    return sh(
        "ip -o link | sed 's/ state .*//; s/@if[0-9]*//; s/^[0-9]*//; s/<[^>]*>//';"
        "ip -o -4 addr | awk '{print $2,$4}' | sort; ip route | sed 's/ linkdown//';"
        "nft list ruleset",
        namespace,
    )  # fmt: skip


def outer_state() -> str:
    # without what is counted of the traffic of the moment
    return sh(
        "ip -d -o link | grep stratotest | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/<[^>]*>//'"
        " | grep -oE '^[^:]+|mtu [0-9]+|master [^ ]+|alias .*|nf_call_[a-z0-9]+ [01]' | sort;"
        "ip -o -4 addr | awk '{print $2,$4}' | sort;"
        " nft -s list ruleset | sed '/flags dynamic/,/^\\t}$/d'"
    )


IN_ROUTER = f"qr-{views.uid('r1-' + views.uid('n1'))[:11]}"
OUT_ROUTER = f"qg-{views.uid('r1-gw')[:11]}"
TAMPERINGS = {
    "bridge deleted": (f"ip link del {BRIDGE}", ""),
    "bridge down": (f"ip link set {BRIDGE} down", ""),
    "bridge unfiltered": (f"ip link set {BRIDGE} type bridge nf_call_iptables 0", ""),
    "tap deleted": (f"ip link del tap{views.uid('p0')[:11]}", ""),
    "tap unplugged": (f"ip link set tap{views.uid('p0')[:11]} nomaster", ""),
    "tap with another MTU": (f"ip link set tap{views.uid('p0')[:11]} mtu 900", ""),
    "filters flushed": ("nft flush table bridge stratotest", ""),
    "ruleset flushed": ("nft flush ruleset", ""),
    "one rule more": ("nft insert rule inet stratotest ingress accept", ""),
    "external address gone": (f"ip addr flush dev {views.EXTERNAL_BRIDGE}", ""),
    "router's ruleset flushed": ("nft flush ruleset", ROUTER),
    "router's address gone": (f"ip addr del 10.55.0.1/24 dev {IN_ROUTER}", ROUTER),
    "router's routes gone": ("ip route flush default", ROUTER),
    "a route too many": ("ip route add 192.0.2.0/24 via 10.55.0.77", ROUTER),
    "router's device gone": (f"ip link del {OUT_ROUTER}", ROUTER),
    "floating address gone": (f"ip addr del 172.31.249.20/32 dev {OUT_ROUTER}", ROUTER),
    "DHCP device down": (f"ip link set tap{views.uid('n1-dhcp')[:11]} down", DHCP),
    "router's namespace gone": (f"ip netns del {ROUTER}", ""),
    "DHCP namespace gone": (f"ip netns del {DHCP}", ""),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
@pytest.mark.parametrize("restarted", [False, True], ids=["same agent", "new agent"])
def test_tampering_is_repaired(driver, tmp_path, what, restarted):
    assert not driver.apply(a_view()).errors
    before = outer_state(), inner_state(ROUTER), inner_state(DHCP)
    pid = driver._dnsmasq.pid(views.uid("n1"))
    script, namespace = TAMPERINGS[what]
    sh(script, namespace)
    if restarted:
        driver.close()
        driver = LinuxNetworkDriver(tmp_path, instance=driver.instance)
    applied = driver.apply(a_view())
    assert applied.errors == {}
    assert (outer_state(), inner_state(ROUTER), inner_state(DHCP)) == before
    if what == "DHCP namespace gone":
        assert driver._dnsmasq.pid(views.uid("n1")) not in (None, pid)
    else:
        assert driver._dnsmasq.pid(views.uid("n1")) == pid
    driver.close()


def test_removed_objects_disappear(driver):
    # a new namespace takes this over from the host, where another cloud may have set it
    Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
    driver.apply(a_view())
    only = views.network("n2", cidr="10.56.0.0/24")
    assert not driver.apply(views.host([only], generation=2)).errors
    ours = [line for line in sh("ip -o link").splitlines() if "stratotest" in line]
    assert len(ours) == 1
    assert f"brq{views.uid('n2')[:11]}" in ours[0]
    assert namespaces.inode(ROUTER) is None
    assert namespaces.inode(DHCP) is None
    assert sh("cat /proc/sys/net/ipv4/ip_forward") == "0\n"


def test_nothing_is_left_and_nothing_foreign_is_touched(driver, tmp_path):
    foreign_router = f"qrouter-{views.uid('foreign')}"
    foreign = """table inet filter {
      chain forward {
        type filter hook forward priority 0
        iifname "eth9" accept
      }
    }
    table bridge other {
    }
    """
    subprocess.run(["nft", "-f", "-"], input=foreign, text=True, check=True)
    sh(
        f"ip link add brqforeign type bridge; ip link set brqforeign up;"
        f"ip netns add {foreign_router}"
    )
    try:

        def state():
            links = sh("ip -o link | sed 's/^[0-9]*//; s/ state [A-Z]*//'")
            names = {name: namespaces.inode(name) for name in (ROUTER, DHCP, foreign_router)}
            return links, names, sh("nft list ruleset"), settings(), servers(tmp_path)

        before = state()
        assert not driver.apply(a_view()).errors
        assert 'iifname "eth9" accept' in sh("nft list ruleset")
        driver.remove_all()
        assert state() == before
        assert list(tmp_path.iterdir()) == []
    finally:
        namespaces.remove(foreign_router)


def test_remove_all_by_a_process_that_never_applied(driver, tmp_path):
    links, rules = sh("ip -o link"), sh("nft list ruleset")
    driver.apply(a_view())
    driver.close()
    LinuxNetworkDriver(tmp_path, instance=driver.instance).remove_all()
    assert (sh("ip -o link"), sh("nft list ruleset")) == (links, rules)
    assert namespaces.inode(ROUTER) is None
    assert not servers(tmp_path)


def test_what_could_not_be_removed_goes_the_next_time(driver, tmp_path, monkeypatch):
    """The next one is of a process that knows nothing but the record on disk."""
    links, rules, known = sh("ip -o link"), sh("nft list ruleset"), settings()
    names = tmp_path / "netns"
    with monkeypatch.context() as patch:
        patch.setattr(namespaces, "DIRECTORY", names)
        assert not driver.apply(a_view()).errors
        driver.close()
        sh(f"mount -o remount,bind,ro {names}")
        patch.setenv("PATH", str(tmp_path))  # where no nft is
        with pytest.raises(NetworkDriverError) as raised:
            LinuxNetworkDriver(tmp_path, instance=driver.instance).remove_all()
        patch.undo()
        for what in (f"namespace {ROUTER}", f"namespace {DHCP}", "nft"):
            assert what in str(raised.value)
        assert sh("ip -o link") == links
        patch.setattr(namespaces, "DIRECTORY", names)
        sh(f"mount -o remount,bind,rw {names}")
        LinuxNetworkDriver(tmp_path, instance=driver.instance).remove_all()
        assert list(names.iterdir()) == []
        sh(f"umount --lazy {names}; rmdir {names}")
    assert (sh("ip -o link"), sh("nft list ruleset"), settings()) == (links, rules, known)
    assert list(tmp_path.iterdir()) == []


def test_names_taken_by_others_are_reported_and_left_alone(driver):
    bridge2 = f"brq{views.uid('n2')[:11]}"
    sh(f"ip link add {bridge2} type bridge; ip netns add {ROUTER}")
    try:
        number = namespaces.inode(ROUTER)
        view = a_view()
        applied = driver.apply(view)
        assert set(applied.errors) == {views.uid("n2"), views.uid("r1")}
        assert "did not make" in applied.errors[views.uid("n2")]
        assert set(applied.ports) == {port.id for port in view.networks[0].ports}
        driver.apply(views.host(generation=2))
        driver.remove_all()
        assert namespaces.inode(ROUTER) == number
        assert bridge2 in sh("ip -o link")
    finally:
        namespaces.remove(ROUTER)


def test_two_clouds_on_one_host(driver, tmp_path):
    other = LinuxNetworkDriver(tmp_path / "other", instance="stratother")
    try:
        assert not driver.apply(a_view()).errors
        port = views.port("q1", "10.55.0.10", "m1-subnet")
        mine = views.host([views.network("m1", ports=[port])])
        assert not other.apply(mine).errors
        other.remove_all()
        assert "stratotest" in sh("nft list ruleset")
        assert BRIDGE in sh("ip -o link")
    finally:
        other.remove_all()


def test_bad_port_is_refused_alone(driver):
    rule = RuleView(direction="ingress", ethertype="IPv4", protocol="tcp; flush ruleset")
    pair = AddressPair(ip_address="10.0.0.1 accept", mac_address="fa:16:3e:00:00:01")
    bad = views.port("bad", "10.55.0.11", "n1-subnet", rules=[rule])
    worse = views.port("worse", "10.55.0.12", "n1-subnet", allowed_address_pairs=[pair])
    good = views.port("good", "10.55.0.13", "n1-subnet")
    applied = driver.apply(views.host([views.network("n1", ports=[bad, worse, good])]))
    assert set(applied.errors) == {bad.id, worse.id}
    assert applied.ports == [good.id]
    assert bad.tap not in sh("ip -o link")


def test_after_a_reboot(driver, tmp_path):
    """Everything in the kernel is gone, the files are still there."""
    driver.apply(a_view())
    before = outer_state(), inner_state(ROUTER), inner_state(DHCP)
    pid = driver._dnsmasq.pid(views.uid("n1"))
    driver.close()
    os.kill(pid, 9)
    for name in (ROUTER, DHCP):
        namespaces.remove(name)
    sh(
        "nft flush ruleset; for l in $(ip -o link | grep stratotest | cut -d: -f2 | cut -d@ -f1);"
        " do ip link del $l 2>/dev/null || true; done; echo 0 > /proc/sys/net/ipv4/ip_forward"
    )
    ledger = tmp_path / "network" / "ledger.json"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    ledger.write_text(ledger.read_text().replace(boot, "another-boot"))
    again = LinuxNetworkDriver(tmp_path, instance=driver.instance)
    assert not again.apply(a_view()).errors
    assert (outer_state(), inner_state(ROUTER), inner_state(DHCP)) == before
    again.remove_all()


def test_an_unchanged_cloud_starts_no_program(driver, monkeypatch):
    driver.apply(a_view())
    started = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: started.append(a[0]) or run(*a, **k))
    driver.apply(a_view(2))
    assert started == []
