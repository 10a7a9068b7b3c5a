"""The console log of a guest, which only its host has."""

from __future__ import annotations

import logging

from stratolith.compute.models import Server
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Conflict, Unavailable
from stratolith.kernel.hosts import questions

LOG = logging.getLogger(__name__)


def output(ctx: Context, server: Server, lines: int | None) -> str:
    """The last ``lines`` lines, None for all; commits the transaction of ``ctx`` first.

    Raises Unavailable if the host does not answer, Conflict with the reason if it refuses.
    """
    server_id, asked = server.id, {"server_id": server.id, "lines": lines}
    replies = questions.ask_hosts(ctx, {server.host or "": asked}, "guests.console")
    (reply,) = replies.values()
    if reply is None:
        raise Unavailable(f"The host of instance {server_id} does not answer.")
    if reply.get("error"):
        LOG.warning("console of instance %s: %s", server_id, reply["error"])
        reason = reply.get("told") or f"The host of instance {server_id} cannot do that now."
        raise Conflict(str(reason))
    return str(reply.get("output", ""))
