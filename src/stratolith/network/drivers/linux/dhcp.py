"""The content of a network's DHCP namespace and the configuration of its dnsmasq, as text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import DhcpHostView, NetworkView, SubnetView
from stratolith.network.drivers.checks import mac as checked_mac
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.ipv6 import dhcp as dhcp6
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.ipv6 import settings as settings6
from stratolith.network.drivers.linux.objects import DhcpSpec, NamespaceSpec, VethSpec

_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?\Z")
_OPTION = re.compile(r"[A-Za-z0-9:-]{1,64}\Z")
_DEFAULT_DOMAIN = "openstacklocal"


def compile_namespace(network: NetworkView) -> NamespaceSpec | None:
    """The DHCP namespace; None when this host serves no subnet."""
    served = [subnet for subnet in network.subnets if subnet.enable_dhcp and subnet.dhcp_ip]
    if network.dhcp_port_id is None or network.dhcp_mac is None or not served:
        return None
    addresses = [
        f"{subnet.dhcp_ip}/{ipaddress.ip_network(subnet.cidr, strict=False).prefixlen}"
        for subnet in served
    ]
    device = VethSpec(
        port_id=network.dhcp_port_id,
        host_name=names.host_dhcp(network.dhcp_port_id),
        inner_name=names.inner_dhcp(network.dhcp_port_id),
        bridge=network.bridge,
        mac=checked_mac(network.dhcp_mac),
        mtu=network.mtu,
        addresses=(
            *(str(ipaddress.ip_interface(text)) for text in addresses),
            f"{names.METADATA_ADDRESS}/32",
            *([metadata6.INTERFACE] if metadata6.has_dhcp_end(network) else []),
        ),
        # clients that read raw frames discard checksums that are left to the "hardware"
        checksum_offload=False,
    )
    return NamespaceSpec(
        name=names.dhcp_namespace(network.id),
        owner=network.id,
        devices=(device,),
        sysctls=settings6.of_devices([device]),
    )


def compile_dhcp(
    network: NetworkView,
    namespace: NamespaceSpec,
    router_addresses: frozenset[str],
    broken: dict[str, str],
) -> DhcpSpec | None:
    """The dnsmasq of a network; None without a subnet with DHCP.

    ``router_addresses``: addresses at which a router of this host answers metadata on this
    network; a subnet whose gateway is not one of them gets metadata from the DHCP port.
    An unusable reservation is left out and recorded in ``broken`` under its port.
    """
    subnets = [
        subnet
        for subnet in network.subnets
        if subnet.ip_version == 4 and subnet.enable_dhcp and subnet.dhcp_ip
    ]
    subnets6 = dhcp6.served(network.subnets)
    if not subnets and not subnets6:
        return None
    domain = network.dns_domain.rstrip(".") or _DEFAULT_DOMAIN
    if not _DOMAIN.match(domain):
        raise ValueError(f"{network.dns_domain!r} is not a DNS domain")
    usable, extra = _usable(network.dhcp_hosts, broken)
    hosts = [host for host in usable if host.subnet_id in {subnet.id for subnet in subnets}]
    opts: list[str] = []
    for subnet in subnets:
        opts += _subnet_options(subnet, network, router_addresses)
    for subnet in subnets6:
        opts += dhcp6.options(subnet, domain)
    return DhcpSpec(
        owner=names.checked_id(network.id),
        namespace=namespace.name,
        interface=namespace.devices[0].inner_name,
        options=(
            *_arguments(subnets, domain, network),
            *dhcp6.arguments(subnets6, network.dhcp_lease_seconds),
        ),
        hosts="".join(
            f"{line}\n"
            for line in (*_host_lines(hosts, domain), *_host6_lines(usable, subnets6, domain))
        ),
        opts="".join(f"{line}\n" for line in dict.fromkeys([*opts, *extra])),
        addn_hosts="".join(f"{line}\n" for line in _name_lines(usable, domain)),
    )


def _usable(
    hosts: Iterable[DhcpHostView], broken: dict[str, str]
) -> tuple[list[DhcpHostView], list[str]]:
    """The usable reservations, and the option lines of their ports."""
    usable, lines = [], []
    for host in hosts:
        try:
            names.checked_id(host.port_id)
            checked_mac(host.mac)
            checks.address(host.ip_address)
            lines += _port_options(host)
        except ValueError as error:
            broken[host.port_id] = str(error)
        else:
            usable.append(host)
    return usable, lines


def _arguments(subnets: Iterable[SubnetView], domain: str, network: NetworkView) -> Iterable[str]:
    for subnet in subnets:
        net = ipaddress.IPv4Network(subnet.cidr, strict=False)
        yield (
            f"--dhcp-range=set:subnet-{names.checked_id(subnet.id)},"
            f"{net.network_address},static,{net.netmask},{network.dhcp_lease_seconds}s"
        )
    yield f"--domain={domain}"
    yield f"--local=/{domain}/"
    yield f"--dhcp-option-force=option:mtu,{network.mtu}"


def _subnet_options(
    subnet: SubnetView, network: NetworkView, router_addresses: frozenset[str]
) -> list[str]:
    tag = f"tag:subnet-{names.checked_id(subnet.id)}"
    servers = [
        str(ipaddress.ip_address(text)) for text in subnet.dns_nameservers if ":" not in text
    ] or [str(subnet.dhcp_ip)]
    lines = [f"{tag},option:dns-server,{','.join(servers)}"]
    gateway = str(ipaddress.IPv4Address(subnet.gateway_ip)) if subnet.gateway_ip else None
    routed = gateway is not None and gateway in router_addresses
    routes = [(f"{names.METADATA_ADDRESS}/32", gateway if routed else str(subnet.dhcp_ip))]
    routes += [
        (str(ipaddress.IPv4Network(route.destination, strict=False)),
         str(ipaddress.IPv4Address(route.nexthop)))
        for route in subnet.host_routes
    ]  # fmt: skip
    routes += [  # the network's other subnets are on the same link
        (str(ipaddress.IPv4Network(other.cidr, strict=False)), "0.0.0.0")
        for other in network.subnets
        if other.ip_version == 4 and other.id != subnet.id
    ]
    if gateway is not None:
        # clients that use this option ignore the router option: repeat the default route here
        routes.append(("0.0.0.0/0", gateway))
    text = ",".join(f"{destination},{hop}" for destination, hop in dict.fromkeys(routes))
    lines.append(f"{tag},option:classless-static-route,{text}")
    lines.append(f"{tag},249,{text}")  # the same under the number that Windows requests
    lines.append(f"{tag},option:router,{gateway}" if gateway else f"{tag},option:router")
    return lines


def _port_options(host: DhcpHostView) -> list[str]:
    lines = []
    for name, value in host.extra_dhcp_opts:
        if not _OPTION.match(name) or any(ord(char) < 32 for char in value):
            raise ValueError(f"DHCP option {name!r} of port {host.port_id} cannot be used")
        if ":" in name and not name.startswith(("option:", "option6:")):
            continue
        word = name if name.isdigit() or name.startswith("option") else f"option:{name}"
        lines.append(f"tag:port-{names.checked_id(host.port_id)},{word},{value}")
    return lines


def _fqdn(host: DhcpHostView, domain: str) -> str:
    labels = host.hostname.split(".")
    if all(_HOSTNAME.match(label) for label in labels):
        return f"{host.hostname}.{domain}"
    return f"{_address_name(host)}.{domain}"


def _address_name(host: DhcpHostView) -> str:
    return "host-" + host.ip_address.replace(".", "-").replace(":", "-")


def _host_lines(hosts: Sequence[DhcpHostView], domain: str) -> Iterable[str]:
    for host in sorted(hosts, key=lambda host: (host.mac, host.ip_address)):
        address = checks.address(host.ip_address, 4)
        fields = [checked_mac(host.mac), "id:*"]  # a guest may use several client ids
        if any(not _is_for_dhcpv6(line) for line in _port_options(host)):
            fields.append(f"set:port-{names.checked_id(host.port_id)}")
        yield ",".join([*fields, address, _fqdn(host, domain)])


def _host6_lines(
    hosts: Sequence[DhcpHostView], subnets: Iterable[SubnetView], domain: str
) -> Iterable[str]:
    """The reservations for DHCPv6, and the tags of ports that only have options of their own."""
    served = {subnet.id: dhcp6.has_reservations(subnet) for subnet in subnets}
    by_port: dict[str, list[DhcpHostView]] = {}
    for host in hosts:
        if host.subnet_id in served:
            by_port.setdefault(host.port_id, []).append(host)
    for port_hosts in sorted(by_port.values(), key=lambda port_hosts: port_hosts[0].mac):
        first, tags = port_hosts[0], ["tag:dhcpv6"]
        if any(_is_for_dhcpv6(line) for line in _port_options(first)):
            tags.append(f"set:port-{names.checked_id(first.port_id)}")
        reserved = [host for host in port_hosts if served[host.subnet_id]]
        if reserved:
            yield dhcp6.host_line(reserved, tags, _fqdn(reserved[0], domain))
        elif len(tags) > 1:
            yield ",".join([checked_mac(first.mac), *tags])


def _is_for_dhcpv6(line: str) -> bool:
    """Whether a port's line in the file of options is about DHCPv6."""
    return line.split(",")[1].startswith("option6:")


def _name_lines(hosts: Sequence[DhcpHostView], domain: str) -> Iterable[str]:
    for host in sorted(hosts, key=lambda host: (host.ip_address, host.port_id)):
        yield f"{host.ip_address}\t{' '.join(answered_names(host, domain))}"


def answered_names(host: DhcpHostView, domain: str) -> list[str]:
    """The names of an address, the first of which is the answer to a question about the address."""
    name, other = _fqdn(host, domain), _address_name(host)
    answered = [name, name.removesuffix(f".{domain}")]
    # the name in ``dns_assignment`` of a port that only its server gave a name
    answered += [f"{other}.{domain}", other]
    return list(dict.fromkeys(answered))
