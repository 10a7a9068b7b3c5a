"""Logs of security groups: lines about packets of real guests."""

from __future__ import annotations

import re
import socket
import struct
import time

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, LogLimits, LogView, RuleView
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.filtering import packet_log
from stratolith.network.drivers.linux.filtering.packet_text import endpoints, summary
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE

pytestmark = pytest.mark.root
FOUR, SIX = {"a": "10.55.0.11", "b": "10.55.0.12"}, {"a": "fd55::11", "b": "fd55::12"}
TCP6 = RuleView(
    direction="ingress", ethertype="IPv6", protocol="tcp", port_range_min=22, port_range_max=22
)


def log(name, event="ALL", **fields):
    return LogView(id=views.uid(name), project_id=views.uid("project"), event=event, **fields)


class Host:
    """Guests a and b; b accepts TCP 22 by a rule of group g1, and 23 by a rule of g2."""

    def __init__(self, driver, guest, tmp_path):
        self.driver, self.guest, self.path = driver, guest, tmp_path / "log" / packet_log.FILE
        self.generation, self.guests = 0, {}

    def apply(self, logs, *, stateful=True, limits=None, of_a=()):
        self.generation += 1
        rules = [views.tcp_in(22), TCP6, views.tcp_in(23), *views.EGRESS_ALL]
        ports = []
        for name, own, logged in (("a", views.EGRESS_ALL, of_a), ("b", rules, logs)):
            port = views.port(
                name,
                FOUR[name],
                "n1-subnet",
                rules=own,
                groups=["g1", "g2"] if name == "b" else ["g0"],
                rule_counts=[2, 3] if name == "b" else [2],
                logs=sorted(logged, key=lambda one: one.id),
                stateful=stateful,
            )
            six = FixedIpView(subnet_id=views.uid("six"), ip_address=SIX[name])
            ports.append(msgspec.structs.replace(port, fixed_ips=[*port.fixed_ips, six]))
        view = views.host([views.network("n1", ports=ports)], generation=self.generation)
        view = msgspec.structs.replace(view, logging=limits or LogLimits())
        assert self.driver.apply(view).errors == {}
        for one in ports:
            if one.hostname not in self.guests:
                self.guests[one.hostname] = self.guest(one, f"{FOUR[one.hostname]}/24")
                address = f"{SIX[one.hostname]}/64"
                self.guests[one.hostname].sh(f"ip -6 addr add {address} dev eth0 nodad")
        return self.guests["a"], self.guests["b"]

    def lines(self, *wanted, seconds=PATIENCE):
        """The lines, as soon as each of the patterns is in one of them."""
        deadline = time.monotonic() + seconds
        while True:
            text = self.path.read_text() if self.path.exists() else ""
            if all(re.search(pattern, text) for pattern in wanted):
                return text.splitlines()
            assert time.monotonic() < deadline, (wanted, text)
            time.sleep(0.05)


@pytest.fixture
def host(driver, guest, tmp_path):
    return Host(driver, guest, tmp_path)


def test_accepted_and_dropped_packets_of_both_versions(host):
    a, b = host.apply([log("all")])
    with b.serving(22), b.serving(24, "::"):
        assert a.reaches(FOUR["b"], 22)
        assert not a.reaches(FOUR["b"], 25, 0.5)
        assert not a.reaches(SIX["b"], 24, 0.5)
    with b.serving(22, "::"):
        assert a.reaches(SIX["b"], 22)
    b.sh("true")
    lines = host.lines(
        r"action=ACCEPT direction=ingress .*tcp 10\.55\.0\.11:\d+ > 10\.55\.0\.12:22 ",
        r"action=DROP direction=ingress .*tcp 10\.55\.0\.11:\d+ > 10\.55\.0\.12:25 ",
        r"action=DROP direction=ingress .*tcp \[fd55::11\]:\d+ > \[fd55::12\]:24 ",
        r"action=ACCEPT direction=ingress .*tcp \[fd55::11\]:\d+ > \[fd55::12\]:22 ",
    )
    port, project, asked = views.uid("b"), views.uid("project"), views.uid("all")
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO stratolith\.security_", line)
        assert f"project_id={project} log_resource_ids={asked} port_id={port} packet=" in line
    accepted = [line for line in lines if "ACCEPT" in line and "> 10.55.0.12:22 " in line]
    assert len(accepted) == 1, "of a connection only its first packet"


def test_each_log_gets_what_it_asks_for(host):
    a, b = host.apply(
        [log("of-g1", "ACCEPT", group="g1"), log("dropped", "DROP"), log("port", port="b")]
    )
    with b.serving(22), b.serving(23):
        assert a.reaches(FOUR["b"], 22) and a.reaches(FOUR["b"], 23)
        assert not a.reaches(FOUR["b"], 24, 0.5)
    lines = host.lines(r"ACCEPT.*:22 ", r"ACCEPT.*:23 ", r"DROP.*:24 ")

    def asked(port):
        (ids,) = {
            re.search(r"log_resource_ids=(\S+)", line)[1] for line in lines if f":{port} " in line
        }
        return set(ids.split(","))

    assert asked(22) == {views.uid("of-g1"), views.uid("port")}
    assert asked(23) == {views.uid("port")}
    assert asked(24) == {views.uid("dropped"), views.uid("port")}


def test_outgoing_packets_and_stateless_ports(host):
    """Of stateless ports each packet counts."""
    a, b = host.apply([log("b")], of_a=[log("a")])
    with b.serving(22):
        assert a.reaches(FOUR["b"], 22)
    host.lines(rf"ACCEPT direction=egress .*log_resource_ids={views.uid('a')} .*:22 ")
    host.path.write_text("")
    a, b = host.apply([log("b")], stateful=False)
    with b.serving(22):
        assert not a.reaches(FOUR["b"], 22, 1), "a has no rule for answers"
    host.lines(r"ACCEPT direction=ingress .*:22 ", r"ACCEPT direction=egress .*10.55.0.12:22 > ")


def test_no_log_no_lines_and_no_rules(host):
    a, _ = host.apply([log("x")])
    assert not a.reaches(FOUR["b"], 24, 0.5)
    host.lines("DROP")
    host.path.write_text("")
    host.apply([])
    assert not a.reaches(FOUR["b"], 24, 0.5)
    time.sleep(0.5)
    assert host.path.read_text() == ""
    host.apply([log("x")])
    assert not a.reaches(FOUR["b"], 24, 0.5)
    host.lines("DROP")


def test_lines_of_a_flood_are_few(host):
    a, _ = host.apply([log("x", "DROP")], limits=LogLimits(rate=100, burst=25))

    def flood():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(3000):
                sock.sendto(b"\n\x1b[31mforged line", (FOUR["b"], 99))

    began = time.monotonic()
    namespaces.run_in(a.name, flood)
    took = time.monotonic() - began
    lines = host.lines("DROP .*udp .*:99 ")
    time.sleep(0.5)
    assert len(host.lines()) <= 25 + 100 * (took + 1.5)
    assert not any("forged" in line or "\x1b" in line for line in lines)


def test_a_removed_file_is_made_again(host):
    a, _ = host.apply([log("x")])
    assert not a.reaches(FOUR["b"], 24, 0.5)
    host.lines("DROP")
    assert host.path.stat().st_mode & 0o777 == 0o600
    host.path.unlink()
    assert not a.reaches(FOUR["b"], 24, 0.5)
    host.lines("DROP")


def test_a_host_that_cannot_log_says_so(host, tmp_path):
    """Its ports are filtered all the same."""
    other = LinuxNetworkDriver(tmp_path / "other", instance="stratotest")
    other._can_log = False
    port = views.port("b", FOUR["b"], "n1-subnet", logs=[log("x")])
    applied = other.apply(views.host([views.network("n1", ports=[port])]))
    assert applied.errors == {views.uid("x"): packet_log.CANNOT_LOG}
    assert applied.ports == [port.id]
    other.remove_all()


@pytest.mark.parametrize(
    "packet",
    [b"", b"\x45", b"\x00" * 60, b"\xff" * 60, b"\x60" + b"\x2b" * 80, b"\x60" + b"\x2c" * 47],
)
def test_any_bytes_become_a_line(packet):
    assert "\n" not in summary(packet)


def test_texts_of_packets():
    four = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, b"\n\0\0\1", b"\n\0\0\2")
    tcp = struct.pack("!HHIIBBHHH", 4000, 22, 0, 0, 0x50, 2, 0, 0, 0)
    assert summary(four + tcp) == "tcp 10.0.0.1:4000 > 10.0.0.2:22 length 40 flags S"
    later = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 5, 64, 17, 0, b"\n\0\0\1", b"\n\0\0\2")
    assert summary(later + tcp) == "udp 10.0.0.1 > 10.0.0.2 length 40"
    six = struct.pack("!IHBB", 6 << 28, 16, 0, 64) + b"\xfd" + bytes(15) + b"\xfe" + bytes(15)
    options = struct.pack("!BB6x", 58, 0)
    text = "icmpv6 fd00:: > fe00:: length 56 type 128 code 0"
    assert summary(six + options + struct.pack("!BBHHH", 128, 0, 0, 1, 1)) == text
    assert endpoints(b"junk") == ("", "")
