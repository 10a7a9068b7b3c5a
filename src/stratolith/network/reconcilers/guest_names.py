"""Host names of guests in a network's DHCP server and its DNS answers.

The name that a user chose for a port (``dns_name``) comes before that of its server.

On a network of several projects, only one project may use a name, so that no traffic goes to a
guest of another project that has the same name. The network's owner is preferred, then the
project that used the name first. Guests of one project may share a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stratolith.network.reconcilers.view_rows import PortRow

# Programs use these names for the local machine, or for the proxy of all traffic.
_NOBODYS = frozenset({"localhost", "localdomain", "broadcasthost", "wpad", "isatap"})
_OF_AN_ADDRESS = re.compile(r"host(-\d{1,3}){4}\Z")


def names_of(ports: Iterable[PortRow], owner: str, domain: str) -> dict[str, str]:
    """Port id -> its name below ``domain``, "" for a port that gets a name from its address.

    ``ports``: all of one network, the oldest first; ``owner``: the network's project.
    """
    names: dict[str, str] = {}
    projects: dict[str, str] = {}
    for port in sorted(ports, key=lambda port: port.project_id != owner):
        label = relative(port.dns_name, domain) or port.hostname.split(".")[0].lower()
        usable = label not in _NOBODYS and not _OF_AN_ADDRESS.match(label)
        is_own = usable and projects.setdefault(label, port.project_id) == port.project_id
        names[port.id] = label if is_own else ""
    return names


def relative(dns_name: str, domain: str) -> str:
    """The part of a user's name that comes before the domain; "" for a name elsewhere."""
    domain = domain.rstrip(".")
    if domain in ("", "openstacklocal"):  # managers/addressing/dns.py
        return ""
    if not dns_name.endswith("."):
        return dns_name
    name = dns_name.removesuffix(f".{domain}.")
    return "" if name == dns_name else name
