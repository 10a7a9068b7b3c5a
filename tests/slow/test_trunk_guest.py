"""A guest with a trunk makes a device for the VLAN of its sub-port, and gets an address by DHCP."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from tests.drivers.network import views
from tests.drivers.network.booted_guests import BOOT_SECONDS, IMAGE, booted, metadata_of, until

pytestmark = [
    pytest.mark.root,
    pytest.mark.guest,
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE.exists(), reason="the guest image is not built yet"),
]
SCRIPT = """#!/bin/sh
ip link add link eth0 name eth0.5 type vlan id 5
ip link set eth0.5 address {mac} up
udhcpc -q -n -i eth0.5 -s /usr/libexec/guest/dhcp
ping -c 1 -w 10 10.55.0.2 && echo "guest: the DHCP server of the sub-port answers"
"""


def test_a_sub_port_gets_its_address_by_dhcp(
    driver: LinuxNetworkDriver,
    tmp_path: Path,
) -> None:
    parent = views.port("parent", "10.50.0.10", "n0-subnet", rules=views.EGRESS_ALL)
    sub = views.port(
        "sub", "10.55.0.10", "n1-subnet", rules=views.EGRESS_ALL, parent=parent.id, tag=5
    )
    above = views.network("n0", "10.50.0.0/24", ports=[parent], dhcp=True)
    below = views.network("n1", ports=[sub], dhcp=True)
    view = views.host([above, below])
    assert not driver.apply(view).errors
    documents = {
        "/openstack/latest/meta_data.json": json.dumps({"uuid": "u", "hostname": "trunk"}),
        "/openstack/latest/user_data": SCRIPT.format(mac=sub.mac),
    }
    with metadata_of(view, documents), booted(parent, tmp_path) as console:
        deadline = time.monotonic() + BOOT_SECONDS
        for line in ("eth0 10.50.0.10/24", "eth0.5 10.55.0.10/24", "of the sub-port answers"):
            until(lambda line=line: line in console.read_text(errors="replace"), deadline, console)
