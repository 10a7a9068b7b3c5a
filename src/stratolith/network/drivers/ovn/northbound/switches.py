"""Networks as logical switches, ports of guests as their ports, subnets as DHCP options."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import DhcpHostView, NetworkView, PortView, SubnetView
from stratolith.network.drivers.linux.metadata_mark import OWNER_DSCP
from stratolith.network.drivers.ovn.northbound import matches
from stratolith.network.drivers.ovn.northbound.matches import METADATA_ADDRESS
from stratolith.network.drivers.ovn.northbound.rows import Link, Ref, Row

_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\Z")
_DEFAULT_DOMAIN = "openstacklocal"
# options of ports: their names and numbers in Neutron's API -> OVN's name, and whether it is a text
_EXTRA = {
    "tftp-server": ("tftp_server", True), "66": ("tftp_server", True),
    "bootfile-name": ("bootfile_name", True), "67": ("bootfile_name", True),
    "server-ip-address": ("tftp_server_address", False),
    "tftp-server-address": ("tftp_server_address", False), "150": ("tftp_server_address", False),
    "ntp-server": ("ntp_server", False), "42": ("ntp_server", False),
    "dns-server": ("dns_server", False), "6": ("dns_server", False),
    "domain-name": ("domain_name", True), "15": ("domain_name", True),
    "router": ("router", False), "3": ("router", False),
    "mtu": ("mtu", False), "26": ("mtu", False),
    "path-prefix": ("path_prefix", True), "210": ("path_prefix", True),
    "wpad": ("wpad", True), "252": ("wpad", True),
}  # fmt: skip
_NOT_TEXT = re.compile(r"[0-9a-fA-F.:, ]{1,255}\Z")


def network_rows(network: NetworkView) -> list[Row]:
    """The switch, its way to a physical network, and the options of its subnets."""
    if network.uplink not in ("", network.bridge) or network.network_type == "vlan":
        raise ValueError("the driver ovn cannot connect physical networks of bridge_mappings yet")
    if any(s.enable_dhcp and s.ipv6_address_mode for s in network.subnets):
        raise ValueError("the driver ovn cannot configure IPv6 addresses yet")
    owner = f"network/{network.id}"
    rows = [Row(table="Logical_Switch", key=network.id, owner=owner, columns={"name": network.id})]
    if network.physical_network:
        columns = {
            "name": f"localnet-{network.id}",
            "type": "localnet",
            "addresses": frozenset(("unknown",)),
            "options": {"network_name": network.physical_network},
        }
        rows.append(_port(f"localnet/{network.id}", owner, network.id, columns))
    rows += _metadata_rows(network, owner)
    for subnet in network.subnets:
        options = subnet_options(network, subnet)
        if options is not None:
            rows.append(_options(subnet.id, owner, subnet.cidr, options))
    return rows


def _metadata_rows(network: NetworkView, owner: str) -> list[Row]:
    """The port behind which each host answers metadata; nobody's packets to it have the mark."""
    served = [s.dhcp_ip for s in network.subnets if s.enable_dhcp and s.dhcp_ip]
    if network.dhcp_port_id is None or network.dhcp_mac is None or not served:
        return []
    addresses = [checks.mac(network.dhcp_mac), *(checks.address(text) for text in served)]
    columns = {
        "name": network.dhcp_port_id,
        "type": "localport",
        "addresses": " ".join([*addresses, METADATA_ADDRESS]),
    }
    unmarked = f"ip4.dst == {METADATA_ADDRESS}"
    return [
        _port(network.dhcp_port_id, owner, network.id, columns),
        _mark(f"{network.id}/unmarked", owner, network.id, 1000, unmarked, 0),
    ]


def _mark(key: str, owner: str, network_id: str, priority: int, match: str, dscp: int) -> Row:
    columns = {
        "priority": priority, "direction": "from-lport", "match": match, "action": {"dscp": dscp}
    }  # fmt: skip
    links = (Link("Logical_Switch", network_id, "qos_rules"),)
    return Row(table="QoS", key=key, owner=owner, columns=columns, links=links)


def _owner_marks(
    port: PortView, owner: str, network_id: str, addresses: Sequence[str]
) -> list[Row]:
    """Packets to the metadata service from the owner of their address have a mark."""
    rows = []
    for address in addresses:
        if ":" not in address:
            match = (
                f"inport == {json.dumps(port.id)} && ip4.src == {address} && "
                f"ip4.dst == {METADATA_ADDRESS}"
            )
            key = f"{port.id}/{address}"
            rows.append(_mark(key, owner, network_id, 2000, match, OWNER_DSCP))
    return rows


def _port(
    key: str, owner: str, network_id: str, columns: Mapping[str, object], links: Iterable[Link] = ()
) -> Row:
    return Row(
        table="Logical_Switch_Port",
        key=key,
        owner=owner,
        columns=dict(columns),
        links=(Link("Logical_Switch", network_id, "ports"), *links),
    )


def _options(key: str, owner: str, cidr: str, options: Mapping[str, str]) -> Row:
    columns = {"cidr": str(checks.network(cidr)), "options": dict(options)}
    return Row(table="DHCP_Options", key=key, owner=owner, columns=columns)


def subnet_options(network: NetworkView, subnet: SubnetView) -> dict[str, str] | None:
    """The DHCP options of an IPv4 subnet; None when nothing serves it."""
    if subnet.ip_version != 4 or not subnet.enable_dhcp or not subnet.dhcp_ip:
        return None
    if network.dhcp_mac is None:
        return None
    server = checks.address(subnet.dhcp_ip, 4)
    gateway = checks.address(subnet.gateway_ip, 4) if subnet.gateway_ip else None
    names = [checks.address(text) for text in subnet.dns_nameservers if ":" not in text]
    routes = [(f"{METADATA_ADDRESS}/32", server)]
    routes += [
        (str(checks.network(route.destination)), checks.address(route.nexthop, 4))
        for route in subnet.host_routes
    ]
    routes += [  # the network's other subnets are on the same link
        (str(checks.network(other.cidr)), "0.0.0.0")
        for other in network.subnets
        if other.ip_version == 4 and other.id != subnet.id
    ]
    if gateway is not None:
        routes.append(("0.0.0.0/0", gateway))
    text = ", ".join(f"{destination},{hop}" for destination, hop in dict.fromkeys(routes))
    options = {
        "server_id": server,
        "server_mac": checks.mac(network.dhcp_mac),
        "lease_time": str(int(network.dhcp_lease_seconds)),
        "mtu": str(checks.mtu(network.mtu)),
        "domain_name": json.dumps(domain_of(network)),
        "classless_static_route": f"{{{text}}}",
        "ms_classless_static_route": f"{{{text}}}",
    }
    if gateway is not None:
        options["router"] = gateway
    if names:
        options["dns_server"] = f"{{{', '.join(names)}}}"
    return options


def domain_of(network: NetworkView) -> str:
    domain = network.dns_domain.rstrip(".") or _DEFAULT_DOMAIN
    if not _DOMAIN.match(domain):
        raise ValueError(f"{network.dns_domain!r} is not a DNS domain")
    return domain


def port_rows(
    network_id: str,
    port: PortView,
    reservations: Sequence[DhcpHostView],
    subnet_rows: Mapping[str, Row],
    host: str = "",
) -> list[Row]:
    """A guest's port. ``reservations``: its own. ``subnet_rows``: subnet -> its DHCP options.
    ``host``: the only one that may have the port; "" for any. Raises ``ValueError``.
    """
    if port.port_security and not port.stateful:
        raise ValueError("the driver ovn has no stateless security groups yet")
    if port.qos_policy:
        raise ValueError("the driver ovn enforces no QoS policies yet")
    owner = f"port/{port.id}"
    mac = checks.mac(port.mac)
    addresses = [checks.address(ip.ip_address) for ip in port.fixed_ips]
    columns: dict[str, object] = {
        "name": port.id,
        "enabled": port.admin_state_up,
        "addresses": _addresses(port, mac, addresses),
        "port_security": _sources(port, mac, addresses) if port.port_security else frozenset(),
        "options": {"requested-chassis": host} if host else {},
    }
    rows = _owner_marks(port, owner, network_id, addresses)
    served = [r for r in reservations if r.subnet_id in subnet_rows and ":" not in r.ip_address]
    if served:
        columns["options"] = {**_hostname(served[0]), **_dict(columns["options"])}
        base = subnet_rows[served[0].subnet_id]
        extra = extra_options(port.extra_dhcp_opts)
        columns["dhcpv4_options"] = Ref("DHCP_Options", served[0].subnet_id)
        if extra:
            options = {**_dict(base.columns["options"]), **extra}
            rows.append(_options(f"port/{port.id}", owner, str(base.columns["cidr"]), options))
            columns["dhcpv4_options"] = Ref("DHCP_Options", f"port/{port.id}")
    groups = [Link("Port_Group", group, "ports") for group in port.groups]
    groups.append(Link("Port_Group", matches.DROP_KEY, "ports"))
    rows.append(_port(port.id, owner, network_id, columns, groups if port.port_security else ()))
    return rows


def _dict(value: object) -> dict[str, str]:
    return dict(value) if isinstance(value, dict) else {}


def _hostname(reservation: DhcpHostView) -> dict[str, str]:
    label = reservation.hostname.split(".")[0]
    return {"hostname": json.dumps(label)} if _HOSTNAME.match(label) else {}


def _addresses(port: PortView, mac: str, addresses: Sequence[str]) -> frozenset[str]:
    """Where the switch sends frames. It answers ARP for the port's own addresses only: those of
    pairs may be another port's today.
    """
    if not port.admin_state_up:
        return frozenset()
    macs = {checks.mac(pair.mac_address) for pair in port.allowed_address_pairs} - {mac}
    known = {" ".join([mac, *addresses]), *macs}
    return frozenset(known if port.port_security else {*known, "unknown"})


def _sources(port: PortView, mac: str, addresses: Sequence[str]) -> frozenset[str]:
    """What the port may send from: its address, and its pairs."""
    by_mac = {mac: list(addresses)}
    for pair in port.allowed_address_pairs:
        network = checks.network(pair.ip_address)
        text = str(network.network_address) if network.num_addresses == 1 else str(network)
        by_mac.setdefault(checks.mac(pair.mac_address), []).append(text)
    return frozenset(" ".join([key, *dict.fromkeys(texts)]) for key, texts in by_mac.items())


def extra_options(wished: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A port's DHCP options in OVN's words; raises ``ValueError`` for one that OVN cannot send."""
    options = {}
    for name, value in wished:
        if name.startswith("option6:"):
            continue
        known = _EXTRA.get(name.removeprefix("option:"))
        if known is None:
            raise ValueError(f"the driver ovn cannot send DHCP option {name!r}")
        word, is_text = known
        if is_text:
            if not value.isprintable() or not value.isascii():
                raise ValueError(f"DHCP option {name!r} has characters that cannot be sent")
            options[word] = json.dumps(value)
        else:
            if not _NOT_TEXT.match(value):
                raise ValueError(f"DHCP option {name!r} cannot have the value {value!r}")
            parts = [part.strip() for part in value.split(",")]
            values = [
                str(int(p)) if word == "mtu" else str(ipaddress.IPv4Address(p)) for p in parts
            ]
            options[word] = values[0] if len(values) == 1 else f"{{{', '.join(values)}}}"
    return options
