"""The messages of the agent API."""

from __future__ import annotations

from datetime import datetime

import msgspec

CLOUD_HEADER = "x-stratolith-cloud"  # the id of the cloud that the agent's host belongs to
SERVER_NAME = "server.stratolith.internal"  # whom certificates of servers are for


class Hints(msgspec.Struct, kw_only=True):
    """Answer to "what is new since ``after``?"; everything: look at all of every view.

    epoch: the server process that counts ``seq``.  cloud: the database's id, "" if not known.
    """

    epoch: str
    cloud: str = ""
    seq: int
    everything: bool = False
    hints: list[tuple[str, str]] = []  # (view, key)


class Offers(msgspec.Struct, kw_only=True):
    """What a host has for the cloud. Addresses are those others reach it by, "" where unknown.

    drivers: view -> name of the driver that realises it.  capabilities: "<view>.<name>".
    """

    drivers: dict[str, str] = {}
    capabilities: list[str] = []
    architecture: str = ""
    api_address: str = ""
    tunnel_address: str = ""
    storage_address: str = ""


class Seen(msgspec.Struct, kw_only=True):
    """A heartbeat."""

    version: str
    views: list[str]
    started_at: datetime
    offers: Offers | None = None


class Join(msgspec.Struct, kw_only=True):
    """A machine asks to be let in; request: certificate signing request as PEM."""

    token: str
    name: str
    request: str


class Joined(msgspec.Struct, kw_only=True):
    """It was: its id, its certificate (PEM), and which cloud it belongs to from now on."""

    id: str
    certificate: str
    cloud: str


class Keys(msgspec.Struct, kw_only=True):
    """What a view is asked for; None: everything."""

    keys: list[str] | None = None
