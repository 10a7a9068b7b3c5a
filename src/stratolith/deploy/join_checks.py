"""Checks of the command line of `join`, before the token is sent: it works only once."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from typing import Any

from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.kernel import config
from stratolith.kernel.config import Settings, values

PORT = 8702  # where a server listens for hosts unless its settings say otherwise


def server_place(text: str) -> str:
    """ADDRESS:PORT of the server, with the usual port if none is given; raises DeployError."""
    place = text if _has_port(text) else f"{_in_brackets(text)}:{PORT}"
    try:
        values.place("server", place)
    except ValueError:
        raise DeployError(
            f"'{text}' is not the address of a server: ADDRESS or ADDRESS:PORT, with a port from 1 "
            "to 65535.",
            "use the command that `stratolith token create` prints on the server",
        ) from None
    return place


def _has_port(text: str) -> bool:
    if text.startswith("["):
        return not text.endswith("]")
    return text.count(":") == 1


def _in_brackets(text: str) -> str:
    return f"[{text}]" if ":" in text and not text.startswith("[") else text


def require_tunnel_address(text: str) -> None:
    """Raises DeployError unless other hosts can reach this machine at this address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise DeployError(f"--tunnel-address: '{text}' is not an IP address.") from None
    if _is_special(address):
        raise DeployError(
            f"--tunnel-address: other hosts cannot reach a machine at {text}.",
            "give an address that this machine has in the network of the hosts",
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((text, 0))
        except OSError:
            raise DeployError(
                f"--tunnel-address: this machine does not have the address {text}.",
                "`ip address` shows the addresses of this machine",
            ) from None


def _is_special(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    is_reserved = address.version == 4 and address.is_reserved  # 255.255.255.255 among them
    return bool(
        mapped
        or is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or address.is_link_local
    )


def wished_settings(layout: Layout, wished: Mapping[str, Mapping[str, Any]]) -> Settings:
    """The settings that this machine will have; raises ConfigError for an invalid value."""
    place = {"state_dir": str(layout.state_dir), "run_dir": str(layout.run_dir)}
    overrides = {**wished, "cloud": {**wished.get("cloud", {}), **place}}
    return config.load({}, None, os.environ, overrides, others_allowed=True)
