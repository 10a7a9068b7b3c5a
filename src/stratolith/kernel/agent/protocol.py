"""The messages of the agent API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

CLOUD_HEADER = "x-stratolith-cloud"  # the id of the cloud to which the agent's host belongs
# Printable text, at most as long as the columns of a host.
Printable = Annotated[str, msgspec.Meta(pattern=r"\A[ -~]*\Z")]
Word = Annotated[Printable, msgspec.Meta(max_length=64)]
ShortWord = Annotated[Printable, msgspec.Meta(max_length=32)]
SERVER_NAME = "server.stratolith.internal"  # name in the certificates of servers


class Hints(msgspec.Struct, kw_only=True):
    """Answer to a request for hints after ``after``; everything: do a full sync of each view.

    epoch: identifies the server process that counts ``seq``.  cloud: id of the database, "" if
    unknown.
    """

    epoch: str
    cloud: str = ""
    seq: int
    everything: bool = False
    hints: list[tuple[str, str]] = []  # (view, key)


class Offers(msgspec.Struct, kw_only=True):
    """What a host offers to the cloud. Addresses are those at which others reach it, "" if unknown.

    drivers: view -> name of its driver.  capabilities: "<view>.<name>".
    """

    drivers: dict[Printable, Printable] = {}
    capabilities: list[Printable] = []
    architecture: ShortWord = ""
    api_address: Word = ""
    tunnel_address: Word = ""
    storage_address: Word = ""


class Seen(msgspec.Struct, kw_only=True):
    """A heartbeat."""

    version: Word
    views: list[Printable]
    started_at: datetime
    offers: Offers | None = None


class Join(msgspec.Struct, kw_only=True):
    """A machine asks to join; request: certificate signing request as PEM."""

    token: str
    name: str
    request: str


class Joined(msgspec.Struct, kw_only=True):
    """Answer to a join: the host's id, its certificate (PEM), and the id of the cloud."""

    id: str
    certificate: str
    cloud: str


class Keys(msgspec.Struct, kw_only=True):
    """The requested keys of a view; None: all."""

    keys: list[str] | None = None
