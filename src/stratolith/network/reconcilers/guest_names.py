"""The names that a network's DHCP server gives to guests and answers questions about.

On a network of several projects a name belongs to one of them, so that nobody's traffic goes to
a guest that somebody else called the same: to the network's owner, else to the project that had
it first. Guests of one project may share a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stratolith.network.reconcilers.view_rows import PortRow

# Programs believe these to be the machine itself, or to tell them where all traffic should go.
_NOBODYS = frozenset({"localhost", "localdomain", "broadcasthost", "wpad", "isatap"})
_OF_AN_ADDRESS = re.compile(r"host(-\d{1,3}){4}\Z")


def names_of(ports: Iterable[PortRow], owner: str) -> dict[str, str]:
    """Port id -> host name, empty for a port that goes by its address.

    ``ports``: those of one network, the oldest first; ``owner``: the network's project.
    """
    found: dict[str, str] = {}
    projects: dict[str, str] = {}
    for port in sorted(ports, key=lambda port: port.project_id != owner):
        label = port.hostname.split(".")[0].lower()
        usable = label not in _NOBODYS and not _OF_AN_ADDRESS.match(label)
        mine = usable and projects.setdefault(label, port.project_id) == port.project_id
        found[port.id] = port.hostname if mine else ""
    return found
