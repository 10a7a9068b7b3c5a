"""How machines join and leave, over the agent API.

GET    /v1/authority                      the cloud's authority as PEM; for all
POST   /v1/join                           exchange a token for a certificate; for all with a token
POST   /v1/hosts/{host}/certificate       a new certificate before the old one expires
DELETE /v1/hosts/{host}?force=true        the host leaves; force: even with servers on it
POST   /v1/cloud/tokens?minutes=60        create a token  (from here on: by the socket only)
GET    /v1/cloud/hosts                    the hosts
POST   /v1/cloud/hosts/{name}/drain       schedule no new servers on the host; existing ones stay
POST   /v1/cloud/hosts/{name}/activate    schedule servers on the host again
DELETE /v1/cloud/hosts/{name}?force=true  remove a lost host
"""

from __future__ import annotations

import logging
import socket
from datetime import timedelta
from typing import Any

import msgspec

from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.agent.protocol import Join, Joined
from stratolith.kernel.config import HostsSection
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict, NotFound
from stratolith.kernel.hosts import membership, records
from stratolith.kernel.hosts.authority_store import authority
from stratolith.kernel.hosts.records import HostRecord
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.members import cloud
from stratolith.kernel.service import plates

LOG = logging.getLogger(__name__)
PEM = "application/x-pem-file"
LONGEST_TOKEN = 7 * 24 * 60  # minutes


def decode(raw: bytes, kind: Any) -> Any:
    """The body as a value of this type; raises BadRequest."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(str(error)) from None


def _caller(ctx: Context) -> AgentCaller:
    assert ctx.agent is not None  # set by AgentDoor
    return ctx.agent


def _lifetime(ctx: Context) -> timedelta:
    return timedelta(hours=ctx.env.settings.of(HostsSection).certificate_hours)


def _record(ctx: Context, name: str) -> HostRecord:
    record = records.named(ctx.session, name)
    if record is None:
        raise NotFound(f"There is no host {name}.")
    if record.state == records.LEFT:
        raise NotFound(f"Host {name} has left the cloud.")
    return record


# -- for machines ----------------------------------------------------------------------------------


def show_authority(ctx: Context) -> Response:
    return Response(authority(ctx.env).pem.encode(), media_type=PEM)


def join(ctx: Context, body: bytes) -> Response:
    """Use up the token and sign the machine's key, both or neither."""
    wanted: Join = decode(body, Join)
    now = ctx.env.clock.now()
    membership.spend_token(ctx.session, wanted.token, wanted.name, now)
    if wanted.name.lower() == socket.gethostname().lower():
        raise Conflict(f"{wanted.name} is the name of the server's machine: choose another name.")
    record, signed = membership.join(
        ctx.session, authority(ctx.env), wanted.name, wanted.request, now, _lifetime(ctx)
    )
    LOG.info("host %s joins with certificate %s", record.name, signed.serial)
    joined = Joined(id=record.id, certificate=signed.pem, cloud=cloud.find_id(ctx.session) or "")
    return Response(msgspec.json.encode(joined))


def renew(ctx: Context, host: str, body: bytes) -> Response:
    caller = _caller(ctx)
    if not caller.serial:
        raise Conflict("The agent of the server's machine needs no certificate.")
    record = _record(ctx, host)
    request = body.decode("ascii", "replace")
    now = ctx.env.clock.now()
    signed = membership.renew(
        authority(ctx.env), record, caller.serial, request, now, _lifetime(ctx)
    )
    LOG.info("host %s has the new certificate %s", host, signed.serial)
    return Response(signed.pem.encode(), media_type=PEM)


def leave(ctx: Context, host: str) -> Response:
    """Raises Conflict for a machine of the server, and for a host in use without force."""
    record = _record(ctx, host)
    own = host == socket.gethostname() or records.is_alive(record, ctx.env.clock.now())
    if own and not record.certificates:  # its agent needs none: the next heartbeat would undo it
        raise Conflict(
            f"Host {host} is a machine of this cloud's server and cannot leave. To place no new "
            f"servers on it: `stratolith host drain {host}`."
        )
    if not _caller(ctx).is_local and not record.certificates:
        raise NotFound(f"There is no host {host}.")
    duties = [(service, service.host_duties) for service in plates(ctx.env)]
    if ctx.query.get("force") != "true":
        reasons = [duty.holds(ctx.beside(service), host) for service, duty in duties if duty.holds]
        if any(reasons):
            raise Conflict(f"Host {host} cannot leave: {'; '.join(filter(None, reasons))}.")
    for service, duty in duties:
        if duty.left is not None:
            duty.left(ctx.beside(service).internal(), host)
    membership.leave(record)
    LOG.info("host %s left", host)
    return Response(status=204)


# -- for the administrator -------------------------------------------------------------------------


def make_token(ctx: Context) -> Response:
    _caller(ctx).require_local()
    asked = ctx.query.get("minutes", "60")
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:9]) <= LONGEST_TOKEN:
        raise BadRequest(f"minutes must be a number from 1 to {LONGEST_TOKEN}")
    token = membership.new_token(
        ctx.session, authority(ctx.env), ctx.env.clock.now(), timedelta(minutes=int(asked))
    )
    return Response({"token": token})


def show_hosts(ctx: Context) -> Response:
    _caller(ctx).require_local()
    now = ctx.env.clock.now()
    return Response(
        {"hosts": [_shown(record, now) for record in records.every_record(ctx.session)]}
    )


def _shown(record: HostRecord, now: Any) -> dict[str, Any]:
    names = (
        "id", "name", "api_address", "tunnel_address", "storage_address", "version", "views",
        "drivers", "capabilities", "architecture", "fingerprint", "certificate_ends_at",
        "joined_at", "last_seen_at",
    )  # fmt: skip
    shown = {name: getattr(record, name) for name in names}
    draining = records.is_draining(record)  # also for a host that is down
    return {**shown, "state": records.state_of(record, now), "draining": draining}


def remove(ctx: Context, name: str) -> Response:
    _caller(ctx).require_local()
    return leave(ctx, name)


def drain(ctx: Context, name: str) -> Response:
    """Raises Conflict for a host without heartbeat yet."""
    return _move(ctx, name, records.DRAINING)


def activate(ctx: Context, name: str) -> Response:
    """Raises Conflict for a host without heartbeat yet: its first heartbeat activates it."""
    _caller(ctx).require_local()
    record = _record(ctx, name)
    if record.state == records.JOINING:
        raise Conflict(f"Host {name} has not sent a heartbeat yet.")
    return _move(ctx, name, records.ACTIVE)


def _move(ctx: Context, name: str, state: str) -> Response:
    _caller(ctx).require_local()
    records.move(_record(ctx, name), state)
    LOG.info("host %s is %s", name, state)
    return Response(status=204)


_OPEN: dict[str, Any] = {"public": True}
FOR_STRANGERS = ("/v1/authority", "/v1/join")
ROUTES = [
    Route.get("/v1/authority", show_authority, **_OPEN),
    Route.post("/v1/join", join, raw_body=True, **_OPEN),
    Route.post("/v1/hosts/{host}/certificate", renew, raw_body=True, **_OPEN),
    Route.delete("/v1/hosts/{host}", leave, **_OPEN),
    Route.post("/v1/cloud/tokens", make_token, raw_body=False, **_OPEN),
    Route.get("/v1/cloud/hosts", show_hosts, **_OPEN),
    Route.post("/v1/cloud/hosts/{name}/drain", drain, raw_body=False, **_OPEN),
    Route.post("/v1/cloud/hosts/{name}/activate", activate, raw_body=False, **_OPEN),
    Route.delete("/v1/cloud/hosts/{name}", remove, **_OPEN),
]
