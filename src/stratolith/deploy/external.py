"""The external network of a new cloud: its range, and the check that it overlaps no other."""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
from collections.abc import Iterable, Mapping

from stratolith.deploy.errors import DeployError
from stratolith.kernel.bootstrap import SeedExternal
from stratolith.kernel.config.values import special_use

DEFAULT_CIDR = "172.24.4.0/24"
ALTERNATIVES = [
    DEFAULT_CIDR,
    "172.24.5.0/24",
    "172.31.251.0/24",
    "192.168.251.0/24",
    "10.251.251.0/24",
]
FIRST_HOST = 2  # of the default range; .1 is the gateway

Network = ipaddress.IPv4Network
Address = ipaddress.IPv4Address


def choose(
    cidr: str | None, range_: str | None, gateway: str | None, environ: Mapping[str, str]
) -> SeedExternal:
    """The external network from flags, else EXT_NET_*, else defaults; raises DeployError."""
    network = _network(cidr or environ.get("EXT_NET_CIDR") or DEFAULT_CIDR)
    special = special_use(network)
    if special:
        raise DeployError(
            f"The external network {network} cannot be used: {special}.",
            f"choose another: stratolith up --external-cidr {DEFAULT_CIDR}",
        )
    chosen_gateway = gateway or environ.get("EXT_NET_GATEWAY")
    router = _address(chosen_gateway, "gateway") if chosen_gateway else network[1]
    _require_inside(router, network, "gateway")
    chosen_range = range_ or environ.get("EXT_NET_RANGE")
    start, end = _range(chosen_range) if chosen_range else _default_range(network, router)
    for address, name in ((start, "start of the range"), (end, "end of the range")):
        _require_inside(address, network, name)
    if start > end:
        raise DeployError(f"The external range ends ({end}) before it starts ({start}).")
    if start <= router <= end:
        raise DeployError(
            f"The gateway {router} lies in the external range {start} to {end}.",
            "leave it out of --external-range: floating IPs are taken from there",
        )
    return SeedExternal(
        cidr=str(network), range_start=str(start), range_end=str(end), gateway=str(router)
    )


def require_apart(external: SeedExternal, private_cidr: str) -> None:
    """Raises DeployError when it overlaps the predefined tenant network, which a router joins."""
    wanted, private = Network(external.cidr), Network(private_cidr)
    if wanted.overlaps(private):
        raise DeployError(
            f"The external network {wanted} overlaps with {private}, the premade network 'private' "
            "(setting network.private_cidr).",
            f"choose another: stratolith up --external-cidr {_free([private])}",
        )


def require_no_overlap(external: SeedExternal, used: Mapping[Network, str]) -> None:
    """Raises DeployError when the host has another network that overlaps the external one."""
    wanted = Network(external.cidr)
    for network, device in used.items():
        if wanted.overlaps(network):
            raise DeployError(
                f"The external network {wanted} overlaps with {network}, which this host "
                f"reaches through {device}.",
                f"choose another: stratolith up --external-cidr {_free(used)}",
            )


def host_networks() -> dict[Network, str]:
    """Every IPv4 network that this host is in or has a route to -> the device."""
    try:
        answer = subprocess.run(
            ["ip", "-j", "-4", "route", "show", "table", "all"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise DeployError("The command `ip` is missing.", "apt-get install iproute2") from None
    except subprocess.CalledProcessError as error:
        raise DeployError(f"`ip route` failed: {error.stderr.strip()}") from None
    return parse_routes(json.loads(answer.stdout or "[]"))


def parse_routes(routes: Iterable[Mapping[str, object]]) -> dict[Network, str]:
    """Network -> device from `ip -j route`, without the default route, which covers everything."""
    networks: dict[Network, str] = {}
    for route in routes:
        destination = str(route.get("dst", "default"))
        if destination in ("default", "0.0.0.0/0") or route.get("type") in (
            "broadcast",
            "multicast",
            "unreachable",
            "blackhole",
        ):
            continue
        networks.setdefault(Network(destination, strict=False), str(route.get("dev", "a gateway")))
    return networks


def _free(used: Iterable[Network]) -> str:
    taken = list(used)
    for candidate in ALTERNATIVES:
        if not any(Network(candidate).overlaps(network) for network in taken):
            return candidate
    return "A.B.C.0/24"


def _network(text: str) -> Network:
    try:
        network = Network(text)
    except ValueError as error:
        raise DeployError(
            f"The external network '{text}' is no IPv4 network: {error}.",
            "write it like --external-cidr 172.24.4.0/24",
        ) from None
    if network.prefixlen > 29:
        raise DeployError(
            f"The external network {network} is too small.",
            "take a /29 or larger: it holds the gateway, routers and floating IPs",
        )
    return network


def _range(text: str) -> tuple[Address, Address]:
    match = re.fullmatch(r"\s*start=([^,\s]+)\s*,\s*end=([^,\s]+)\s*", text)
    if match is None:
        raise DeployError(
            f"The external range '{text}' cannot be read.",
            "write it like --external-range start=172.24.4.10,end=172.24.4.200",
        )
    return _address(match[1], "start of the range"), _address(match[2], "end of the range")


def _default_range(network: Network, router: Address) -> tuple[Address, Address]:
    """The larger of the two ranges before and after the gateway."""
    first, last = network[FIRST_HOST if router == network[1] else 1], network[-2]
    if router < first or router > last:
        return first, last
    below, above = int(router) - int(first), int(last) - int(router)
    return (router + 1, last) if above >= below else (first, router - 1)


def _address(text: str, name: str) -> Address:
    try:
        return Address(text)
    except ValueError:
        raise DeployError(f"The {name} of the external network, '{text}', is no address.") from None


def _require_inside(address: Address, network: Network, name: str) -> None:
    if address not in network or address in (network[0], network[-1]):
        raise DeployError(f"The {name} {address} is no host address of {network}.")
