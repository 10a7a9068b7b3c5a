"""Nobody asks for, gives back or refuses an address in another's name."""

from __future__ import annotations

import socket
import struct

import msgspec
import pytest

from stratolith.network.drivers.base import AddressPair, RuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import frames, views
from tests.drivers.network.dhcp_client import lease, message
from tests.drivers.network.guests import Guest

pytestmark = pytest.mark.root

OPEN = [
    RuleView(direction=way, ethertype=kind)
    for way in ("ingress", "egress")
    for kind in ("IPv4", "IPv6")
]
ANY, OWN, VICTIM, SERVER = "0.0.0.0", "10.55.0.11", "10.55.0.12", "10.55.0.2"
OTHER = views.mac_of("victim")
DISCOVER, REQUEST, DECLINE, RELEASE = 1, 3, 4, 7
Frames = dict[str, bytes]


def told(mac: str, kind: int, name: str, **fields) -> bytes:
    """The message about the victim's address, with a name at its end."""
    about = b"\x32\x04" + socket.inet_aton(VICTIM) + b"\x36\x04" + socket.inet_aton(SERVER)
    return message(mac, kind, about + b"\x2b\x20" + name.encode().rjust(32), **fields)


def forged(mac: str, server_mac: str) -> Frames:
    """What a guest with the address ``mac`` must not say to a server, in all its ways."""
    found, direct = {}, (server_mac, SERVER)
    for kind in range(1, 9):
        name = f"kind {kind}"
        found[name] = frames.udp4(mac, ANY, 68, 67, told(OTHER, kind, name))
        name = f"kind {kind} to the server"
        client = told(OTHER, kind, name, client=VICTIM)
        found[name] = frames.udp4(mac, OWN, 68, 67, client, to=direct)
    for port in (67, 4444):
        name = f"port {port}"
        found[name] = frames.udp4(mac, OWN, port, 67, told(OTHER, RELEASE, name), to=direct)
    name = "by way of a relay without an address"
    found[name] = frames.udp4(mac, ANY, 68, 67, told(OTHER, DECLINE, name, relay=OWN))
    for head in ((0, 0), (6, 6), (1, 16)):
        name = f"hardware {head}"
        found[name] = frames.udp4(mac, ANY, 68, 67, told(mac, DECLINE, name, head=head))
    name = "options of IP"
    payload = told(OTHER, DECLINE, name)
    udp = struct.pack("!HHHH", 68, 67, 8 + len(payload), 0) + payload
    found[name] = frames.ip4(mac, ANY, 17, udp, options=b"\x01" * 8)
    for name, size in (("fragment of the header", 8), ("fragment", 64)):
        payload = told(OTHER, DECLINE, name)
        udp = struct.pack("!HHHH", 68, 67, 8 + len(payload), 0) + payload
        found[f"{name}, first"] = frames.ip4(mac, OWN, 17, udp[:size], to=direct, fragment=0x2000)
        rest = frames.ip4(mac, OWN, 17, udp[size:], to=direct, fragment=size // 8)
        found[f"{name}, rest"] = rest
    return found


def relayed(mac: str, server_mac: str) -> Frames:
    """What a relay agent says, which no server of ours takes from a guest."""
    return {
        name: frames.udp4(
            mac, OWN, 67, 67, told(hardware, kind, name, relay=relay), to=(server_mac, SERVER)
        )
        for name, hardware, kind, relay in (
            ("of the victim", OTHER, DECLINE, OWN),
            ("of the victim, by the gateway", OTHER, RELEASE, "10.55.0.1"),
            ("of its own", mac, DISCOVER, OWN),
        )
    }


@pytest.fixture
def net():
    attacker = views.port("attacker", OWN, "n1-subnet", rules=OPEN)
    victim = views.port("victim", VICTIM, "n1-subnet", rules=OPEN)
    return views.network("n1", ports=[attacker, victim], dhcp=True)


def server_of(net) -> tuple[str, str]:
    assert net.dhcp_port_id
    return f"qdhcp-{net.id}", f"tap{net.dhcp_port_id[:11]}"


def test_no_message_in_anothers_name_gets_to_the_server(driver, guest, net) -> None:
    assert not driver.apply(views.host([net])).errors
    machine = guest(net.ports[0])
    written = forged(machine.mac, net.dhcp_mac) | relayed(machine.mac, net.dhcp_mac)
    written["refusing the own address"] = frames.udp4(
        machine.mac, ANY, 68, 67, told(machine.mac, DECLINE, "own")
    )
    last = frames.udp4(machine.mac, ANY, 68, 67, told(machine.mac, DISCOVER, "last"))
    assert rests(frames.arriving(machine, *server_of(net), written, last)) == set()


def test_no_message_in_anothers_name_gets_to_a_guest_that_serves(driver, guest, net) -> None:
    """On a network without a server of ours; there a guest may be a relay agent."""
    bare = views.network("n1", ports=net.ports)
    assert not driver.apply(views.host([bare])).errors
    machine, server = guest(bare.ports[0]), guest(bare.ports[1])
    last = frames.udp4(machine.mac, ANY, 68, 67, told(machine.mac, REQUEST, "last"))
    written = forged(machine.mac, server.mac)
    assert rests(frames.arriving(machine, server.name, "eth0", written, last)) == set()
    allowed = relayed(machine.mac, server.mac)
    assert frames.arriving(machine, server.name, "eth0", allowed, last) == set(allowed)


def rests(found: set[str]) -> set[str]:
    """Without the ends of datagrams whose beginning does not arrive: nobody can read them."""
    return {name for name in found if not (name.endswith("rest") and "fragment" in name)}


def test_no_message_comes_through_a_router(driver, guest, net) -> None:
    """From a network where nothing holds the sender."""
    free = views.port("free", "10.56.0.11", "n2-subnet", port_security=False)
    beyond = views.network("n2", cidr="10.56.0.0/24", ports=[free])
    router = views.router("r1", [net, beyond])
    assert not driver.apply(views.host([net, beyond], [router])).errors
    machine, leg = guest(free, "10.56.0.11/24", "10.56.0.1"), router.interfaces[1].mac

    def datagram(name: str, kind: int, port: int, source: str = "10.56.0.11", **fields) -> bytes:
        data = told(OTHER, kind, name, client=VICTIM, **fields)
        return frames.udp4(machine.mac, source, port, 67, data, to=(leg, SERVER))

    written = {
        "declining": datagram("declining", DECLINE, 68),
        "releasing": datagram("releasing", RELEASE, 68),
        "from port 67": datagram("from port 67", RELEASE, 67),
        "a relay": datagram("a relay", DECLINE, 67, relay="10.55.0.1"),
        "under the victim's address": datagram("under", RELEASE, 68, VICTIM),
    }
    last = frames.udp4(machine.mac, "10.56.0.11", 9, 53, b"last".rjust(32), to=(leg, SERVER))
    assert frames.arriving(machine, *server_of(net), written, last) == set()


def ask(machine: Guest) -> str:
    return namespaces.run_in(machine.name, lambda: lease("eth0", machine.mac))[0]


def test_nobody_takes_anothers_address_out_of_service(driver, guest, net) -> None:
    assert not driver.apply(views.host([net])).errors
    machine, other = guest(net.ports[0]), guest(net.ports[1])
    assert ask(other) == VICTIM
    frames.send(machine, *forged(machine.mac, net.dhcp_mac).values())
    frames.send(machine, *relayed(machine.mac, net.dhcp_mac).values())
    frames.send(other, frames.udp4(other.mac, ANY, 68, 67, told(other.mac, DECLINE, "own")))
    assert ask(machine) == OWN
    leases = driver._dnsmasq.directory / net.id / "leases"
    assert f" {other.mac} {VICTIM} " in leases.read_text()
    assert ask(other) == VICTIM


def test_a_client_id_is_nobodys(driver, guest, net) -> None:
    """The same one under two hardware addresses says nothing of whose the lease is."""
    assert not driver.apply(views.host([net])).errors
    machine, other = guest(net.ports[0]), guest(net.ports[1])
    number = b"\x3d\x07\x01" + bytes.fromhex(OTHER.replace(":", ""))
    direct = (net.dhcp_mac, SERVER)

    def say(sender: Guest, source: str, kind: int, **fields) -> None:
        data = told(sender.mac, kind, "id", first=number, **fields)
        port_to = {"to": direct} if source != ANY else {}
        frames.send(sender, frames.udp4(sender.mac, source, 68, 67, data, **port_to))

    say(other, ANY, REQUEST)
    assert ask(other) == VICTIM
    say(machine, OWN, RELEASE, client=VICTIM)
    say(machine, ANY, DECLINE)
    say(machine, ANY, DISCOVER)
    say(machine, ANY, REQUEST)
    assert ask(machine) == OWN
    leases = (driver._dnsmasq.directory / net.id / "leases").read_text()
    assert f" {other.mac} {VICTIM} " in leases
    assert f" {machine.mac} {OWN} " in leases
    assert ask(other) == VICTIM


def test_a_second_mac_of_a_port_may_ask_for_itself(driver, guest, net) -> None:
    """A machine inside the guest, at a server of the network's owner."""
    inner = views.mac_of("inner")
    pair = AddressPair(ip_address="10.55.0.77", mac_address=inner)
    one = msgspec.structs.replace(net.ports[0], allowed_address_pairs=[pair])
    bare = views.network("n1", ports=[one, net.ports[1]])
    assert not driver.apply(views.host([bare])).errors
    machine, server = guest(one), guest(bare.ports[1])
    frame = frames.udp4(inner, ANY, 68, 67, told(inner, DISCOVER, "inner"))
    assert frames.arriving(machine, server.name, "eth0", {"inner": frame}, frame) == {"inner"}
