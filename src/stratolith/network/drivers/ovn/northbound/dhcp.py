"""DHCP: subnets and options of ports as rows of options, which OVN answers by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import DhcpHostView, NetworkView, PortView, SubnetView
from stratolith.network.drivers.linux.ipv6 import dhcp as dhcp6
from stratolith.network.drivers.ovn.northbound.matches import METADATA_ADDRESS
from stratolith.network.drivers.ovn.northbound.rows import Ref, Row

_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\Z")
_DEFAULT_DOMAIN = "openstacklocal"
# options of ports: their names in the API (those of dnsmasq) and numbers -> OVN's name
_NAMES = {
    "netmask 1": "netmask", "router 3": "router", "dns-server 6": "dns_server",
    "log-server 7": "log_server", "lpr-server 9": "lpr_server", "hostname 12": "hostname",
    "domain-name 15": "domain_name", "swap-server 16": "swap_server",
    "ip-forward-enable 19": "ip_forward_enable", "policy-filter 21": "policy_filter",
    "default-ttl 23": "default_ttl", "mtu 26": "mtu", "broadcast 28": "broadcast_address",
    "router-discovery 31": "router_discovery", "router-solicitation 32": "router_solicitation",
    "arp-timeout 35": "arp_cache_timeout", "ethernet-encap 36": "ethernet_encap",
    "tcp-ttl 37": "tcp_ttl", "tcp-keepalive 38": "tcp_keepalive_interval",
    "nis-server 41": "nis_server", "ntp-server 42": "ntp_server",
    "netbios-ns 44": "netbios_name_server", "netbios-nodetype 46": "netbios_node_type",
    "T1 58": "T1", "T2 59": "T2", "tftp-server 66": "tftp_server",
    "bootfile-name 67": "bootfile_name", "domain-search 119": "domain_search_list",
    "tftp-server-address server-ip-address 150": "tftp_server_address",
    "path-prefix 210": "path_prefix", "wpad 252": "wpad",
}  # fmt: skip
_EXTRA = {name: word for listed, word in _NAMES.items() for name in listed.split()}
_EXTRA6 = {
    "dns-server": "dns_server", "23": "dns_server",
    "domain-search": "domain_search", "24": "domain_search",
}  # fmt: skip
_TEXTS = {
    "hostname", "domain_name", "broadcast_address", "tftp_server", "bootfile_name",
    "domain_search_list", "domain_search", "path_prefix", "wpad",
}  # fmt: skip
_NUMBERS = {
    "ip_forward_enable", "default_ttl", "mtu", "router_discovery", "arp_cache_timeout",
    "ethernet_encap", "tcp_ttl", "tcp_keepalive_interval", "netbios_node_type", "T1", "T2",
}  # fmt: skip


def network_rows(network: NetworkView, owner: str) -> list[Row]:
    """The options of a network's subnets."""
    rows = []
    for subnet in network.subnets:
        options = subnet_options(network, subnet)
        if options is not None:
            rows.append(_options(subnet.id, owner, subnet.cidr, options))
    return rows


def port_options(
    port: PortView, reservations: Sequence[DhcpHostView], subnet_rows: Mapping[str, Row], owner: str
) -> tuple[list[Row], dict[str, object], list[str]]:
    """The rows of a port's own options, its columns, and why options are left out.

    ``subnet_rows``: subnet -> its options.
    """
    rows: list[Row] = []
    columns: dict[str, object] = {}
    reasons: list[str] = []
    for version, column in ((4, "dhcpv4_options"), (6, "dhcpv6_options")):
        served = [
            subnet_rows[r.subnet_id]
            for r in reservations
            if r.subnet_id in subnet_rows and (":" in r.ip_address) == (version == 6)
        ]
        if not served:
            continue
        base = min(served, key=_is_stateless)
        extra, reason = extra_options(port.extra_dhcp_opts, version)
        reasons += reason
        columns[column] = Ref("DHCP_Options", base.key)
        if extra:
            options = {**_dict(base.columns["options"]), **extra}
            key = f"port/{port.id}/{version}"
            rows.append(_options(key, owner, str(base.columns["cidr"]), options))
            columns[column] = Ref("DHCP_Options", key)
    return rows, columns, reasons


def _is_stateless(row: Row) -> bool:
    return "dhcpv6_stateless" in _dict(row.columns["options"])


def _dict(value: object) -> dict[str, str]:
    return dict(value) if isinstance(value, dict) else {}


def _options(key: str, owner: str, cidr: str, options: Mapping[str, str]) -> Row:
    columns = {"cidr": str(checks.network(cidr)), "options": dict(options)}
    return Row(table="DHCP_Options", key=key, owner=owner, columns=columns)


def subnet_options(network: NetworkView, subnet: SubnetView) -> dict[str, str] | None:
    """The DHCP options of a subnet; None when nothing serves it."""
    if network.dhcp_mac is None:
        return None
    if subnet.ip_version == 6:
        return _options6(network, subnet) if dhcp6.served([subnet]) else None
    if not subnet.enable_dhcp or not subnet.dhcp_ip:
        return None
    return _options4(network, subnet, checks.address(subnet.dhcp_ip, 4), network.dhcp_mac)


def _options4(network: NetworkView, subnet: SubnetView, server: str, mac: str) -> dict[str, str]:
    gateway = checks.address(subnet.gateway_ip, 4) if subnet.gateway_ip else None
    names = [checks.address(text) for text in subnet.dns_nameservers if ":" not in text]
    names = names or [server]  # OVN answers for it
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
        "server_mac": checks.mac(mac),
        "lease_time": str(int(network.dhcp_lease_seconds)),
        "mtu": str(checks.mtu(network.mtu)),
        "domain_name": json.dumps(domain_of(network.dns_domain)),
        "classless_static_route": f"{{{text}}}",
        "ms_classless_static_route": f"{{{text}}}",
    }
    if gateway is not None:
        options["router"] = gateway
    if names != ["0.0.0.0"]:  # "no name server"
        options["dns_server"] = f"{{{', '.join(names)}}}"
    return options


def _options6(network: NetworkView, subnet: SubnetView) -> dict[str, str]:
    servers = [checks.address(text, 6) for text in subnet.dns_nameservers]
    servers = servers or [checks.address(str(subnet.dhcp_ip), 6)]
    options = {"server_id": checks.mac(str(network.dhcp_mac))}
    if "." not in (domain := domain_of(network.dns_domain)):  # OVN sends its labels as one
        options["domain_search"] = json.dumps(domain)
    if servers != ["::"]:  # "no name server"
        options["dns_server"] = f"{{{', '.join(servers)}}}"
    if not dhcp6.has_reservations(subnet):
        options["dhcpv6_stateless"] = "true"
    return options


def domain_of(text: str) -> str:
    """A network's domain; raises ``ValueError``."""
    domain = text.rstrip(".") or _DEFAULT_DOMAIN
    if not _DOMAIN.match(domain):
        raise ValueError(f"{text!r} is not a DNS domain")
    return domain


def hostname(reservation: DhcpHostView) -> dict[str, str]:
    label = reservation.hostname.split(".")[0]
    return {"hostname": json.dumps(label)} if _HOSTNAME.match(label) else {}


def extra_options(
    wished: Iterable[tuple[str, str]], version: int = 4
) -> tuple[dict[str, str], list[str]]:
    """A port's options of DHCP or DHCPv6 in OVN's words, and why others are left out."""
    options: dict[str, str] = {}
    reasons = []
    for name, value in wished:
        if name.startswith("option6:") != (version == 6):
            continue
        try:
            word, text = _extra(name, value, version)
        except ValueError as error:
            reasons.append(str(error))
        else:
            options[word] = text
    return options, reasons


def _extra(name: str, value: str, version: int) -> tuple[str, str]:
    known = _EXTRA6 if version == 6 else _EXTRA
    if (word := known.get(name.removeprefix("option6:").removeprefix("option:"))) is None:
        raise ValueError(f"the driver ovn cannot send DHCP option {name!r}")
    if word in _TEXTS:
        if not value.isprintable() or not value.isascii():
            raise ValueError(f"DHCP option {name!r} has characters that cannot be sent")
        if word == "domain_search" and not _HOSTNAME.match(value):
            raise ValueError("the driver ovn cannot send a domain of several labels by DHCPv6")
        return word, json.dumps(value)
    if word in _NUMBERS and re.fullmatch("[0-9]{1,10}", value):
        return word, str(int(value))
    try:
        if word in _NUMBERS:
            raise ValueError
        values = [checks.address(part.strip(), version) for part in value.split(",")]
    except ValueError:
        raise ValueError(f"DHCP option {name!r} cannot have the value {value!r}") from None
    return word, values[0] if len(values) == 1 else f"{{{', '.join(values)}}}"
