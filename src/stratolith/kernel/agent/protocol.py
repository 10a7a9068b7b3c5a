"""The messages of the agent API."""

from __future__ import annotations

from datetime import datetime

import msgspec

CLOUD_HEADER = "x-stratolith-cloud"  # the id of the cloud that the agent's host belongs to


class Hints(msgspec.Struct, kw_only=True):
    """Answer to "what is new since ``after``?"; everything: look at all of every view.

    epoch: the server process that counts ``seq``.  cloud: the database's id, "" if not known.
    """

    epoch: str
    cloud: str = ""
    seq: int
    everything: bool = False
    hints: list[tuple[str, str]] = []  # (view, key)


class Seen(msgspec.Struct, kw_only=True):
    """A heartbeat."""

    version: str
    views: list[str]
    started_at: datetime


class Keys(msgspec.Struct, kw_only=True):
    """What a view is asked for; None: everything."""

    keys: list[str] | None = None
