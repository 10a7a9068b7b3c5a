"""Names of ports as DNS records of their network, which OVN answers whatever server is asked."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import DhcpHostView
from stratolith.network.drivers.linux import dhcp as names
from stratolith.network.drivers.ovn.northbound import dhcp
from stratolith.network.drivers.ovn.northbound.rows import Link, Row


def name_rows(
    network_id: str, port_id: str, reservations: Iterable[DhcpHostView], domain: str
) -> list[Row]:
    """The records of a port: its names and addresses, both ways. Raises ``ValueError``."""
    domain = dhcp.domain_of(domain)
    addresses: dict[str, list[str]] = defaultdict(list)
    records: dict[str, str] = {}
    for host in reservations:
        address = checks.address(host.ip_address)
        answered = names.answered_names(host, domain)
        for name in answered:
            addresses[name.lower()].append(address)
        records[ipaddress.ip_address(address).reverse_pointer] = answered[0].lower()
    records |= {name: " ".join(dict.fromkeys(each)) for name, each in addresses.items()}
    if not records:
        return []
    link = Link("Logical_Switch", network_id, "dns_records")
    columns = {"records": records}
    return [Row(table="DNS", key=port_id, owner=f"port/{port_id}", columns=columns, links=(link,))]
