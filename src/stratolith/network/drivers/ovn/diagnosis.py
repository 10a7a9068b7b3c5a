"""What a host with driver ovn sees of a port's way: its switch, its controller, its metadata proxy.

The rest is in OVN's databases, at which the server looks (``ways.py``). Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stratolith.network.drivers.base import (
    HostNetworkView,
    NetworkDriverError,
    NetworkView,
    PortView,
)
from stratolith.network.drivers.hops import Asked, Hop
from stratolith.network.drivers.linux import dhcp
from stratolith.network.drivers.linux.diagnosis import REPAIR, metadata
from stratolith.network.drivers.linux.host_kernel import namespaces, probes
from stratolith.network.drivers.ovn.daemons import run_tool
from stratolith.network.drivers.ovn.switch import BRIDGE, Switch

_CONSOLE = (
    "see the guest's console: openstack console log show "
    "(it boots, has no DHCP client, or its network is configured otherwise)"
)


def hops(switch: Switch, view: HostNetworkView, asked: Asked) -> Iterator[Hop]:
    """Raises ``OvsdbError``."""
    if not asked.is_bound_here:
        return
    if switch.database.pid() is None or switch.switch.pid() is None:
        text = "the switch of this host does not run"
        yield Hop(name="link", passed=False, text=text, advice=REPAIR)
        return
    switch.db.connect()
    switch.db.poll()
    network = next((each for each in view.networks if each.id == asked.network_id), None)
    ports = network.ports if network is not None else ()
    port = next((each for each in ports if each.id == asked.port_id), None)
    if network is None or port is None:
        reason = view.left_out.get(asked.port_id) or view.left_out.get(asked.network_id)
        advice = f"It cannot be realised: {reason}" if reason else REPAIR
        yield Hop(name="link", passed=False, text="the port is not realised", advice=advice)
        return
    yield _link(switch, port)
    yield _flows(switch, asked.port_id)
    yield from _metadata(network)


def _link(switch: Switch, port: PortView) -> Hop:
    failed = partial(Hop, name="link", passed=False)
    if port.parent:
        text = f"a sub-port: its frames have tag {port.tag} on the link of port {port.parent}"
        return Hop(name="link", passed=True, text=text)
    if switch.ports().get(port.tap) != port.id:
        return failed(text="the port is not on the switch", advice=REPAIR)
    fault = switch.faults().get(port.tap, "")
    if fault:
        return failed(text=fault, advice=REPAIR)
    if not port.admin_state_up:
        advice = f"openstack port set --enable {port.id}"
        return failed(text="the port is administratively down", advice=advice)
    if not probes.is_running(port.tap):
        text = f"{port.tap} has no carrier: no guest is connected to it"
        return failed(text=text, advice=f"openstack server reboot --hard {port.server_id}")
    count = switch.received(port.tap)
    text = f"{port.tap} is connected to the guest and on {BRIDGE}"
    if not count:  # the switch counts every 5 seconds
        text = f"{text}; the guest has sent nothing yet"
        return Hop(name="link", passed=None, text=text, advice=_CONSOLE)
    return Hop(name="link", passed=True, text=f"{text}; the guest has sent {count} packets")


def _flows(switch: Switch, port_id: str) -> Hop:
    failed = partial(Hop, name="network", passed=False)
    pid = switch.controller.pid()
    if pid is None:
        return failed(text="ovn-controller does not run", advice=REPAIR)
    socket = switch.directory / f"ovn-controller.{pid}.ctl"
    command = ("-t", str(socket), "connection-status")
    try:
        state = run_tool("ovs-appctl", switch.directory, *command).strip()
    except NetworkDriverError as error:
        return failed(text=f"ovn-controller does not answer: {error}", advice=REPAIR)
    if state != "connected":
        text = f"ovn-controller has no connection to the southbound database ({state})"
        advice = "is network.ovn_port of the server open? STATE/network/ovs/controller.log"
        return failed(text=text, advice=advice)
    if port_id not in switch.installed():
        advice = "STATE/network/ovs/controller.log; on the server: STATE/ovn/northd.log"
        return failed(text="OVN has not installed its flows", advice=advice)
    return Hop(name="network", passed=True, text="OVN has installed its flows")


def _metadata(network: NetworkView) -> Iterator[Hop]:
    space = dhcp.compile_namespace(network)
    if space is None:
        text = "no subnet of the network has DHCP: OVN answers no metadata there"
        yield Hop(name="metadata", passed=None, text=text, advice="use a config drive")
    elif namespaces.inode(space.name) is None:
        text = f"namespace {space.name} does not exist"
        yield Hop(name="metadata", passed=False, text=text, advice=REPAIR)
    else:
        yield metadata(space.name)
