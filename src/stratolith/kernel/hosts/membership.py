"""How a machine becomes a host of the cloud, and how it leaves.

A token lets one machine join: it is valid once and for a limited time, and the database stores only
its hash. Besides the secret it contains the fingerprint of the cloud's authority, with which the
machine verifies the server before it sends the secret. The row of a host lists its valid
certificates; a certificate that is removed from the row is revoked at once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from stratolith.kernel.exceptions import BadRequest, Conflict, Forbidden
from stratolith.kernel.hosts import records
from stratolith.kernel.hosts.authority import Authority, BadRequestOfHost, Bearer, Signed
from stratolith.kernel.hosts.records import HostRecord, JoinToken

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_KEEP = timedelta(days=7)  # after the end of a token
_FIRST_USE = timedelta(minutes=2)  # for a new host's first heartbeat: its name is kept so long


class NotLetIn(Forbidden):
    message = "The token is unknown, was already used, or has expired."


def new_token(session: Session, authority: Authority, now: datetime, lifetime: timedelta) -> str:
    """SECRET.FINGERPRINT, valid once until ``now`` + ``lifetime``."""
    secret = secrets.token_hex(24)  # a command line takes a leading "-" for an option
    session.execute(delete(JoinToken).where(JoinToken.ends_at < now - _KEEP))
    session.add(JoinToken(hash=_hash(secret), created_at=now, ends_at=now + lifetime))
    return f"{secret}.{authority.fingerprint}"


def spend_token(session: Session, token: str, host: str, now: datetime) -> None:
    """Use up the token for ``host``; raises NotLetIn."""
    secret = token.partition(".")[0]
    spent = session.execute(
        update(JoinToken)
        .where(JoinToken.hash == _hash(secret), JoinToken.host.is_(None), JoinToken.ends_at > now)
        .values(host=host)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise NotLetIn


def join(
    session: Session,
    authority: Authority,
    name: str,
    request: str,
    now: datetime,
    lifetime: timedelta,
) -> tuple[HostRecord, Signed]:
    """A row and a certificate for a machine whose token was used up in this transaction.

    A host that has left, or that joined two minutes ago without a heartbeat since then, may join
    again under its name; raises Conflict for the name of another host, and BadRequest.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(f"'{name}' cannot be the name of a host: letters, digits, dots, hyphens.")
    if (same := records.in_other_case(session, name)) is not None:
        raise Conflict(f"There is a host {same} already: names must differ in more than case.")
    record = records.locked(session, name)
    if record is None:
        record = records.new_record(name, records.JOINING, now)
        session.add(record)
        session.flush()
    elif record.state not in (records.LEFT, records.JOINING):
        raise Conflict(
            f"There is a host {name} already. If it is this machine, or one that no longer exists: "
            f"`stratolith host remove {name}` on the server, then join again with a new token."
        )
    elif record.state == records.JOINING and now - record.joined_at < _FIRST_USE:
        raise Conflict(
            f"A machine is joining as {name} now. If it is this machine: join again in "
            f"{_FIRST_USE.seconds // 60} minutes, or at once after `stratolith host remove {name}` "
            "on the server."
        )
    records.move(record, records.JOINING)
    record.joined_at, record.certificates = now, []
    return record, _certify(authority, record, [], request, now, lifetime)


def renew(
    authority: Authority,
    record: HostRecord,
    used: str,
    request: str,
    now: datetime,
    lifetime: timedelta,
) -> Signed:
    """A further certificate. The certificate of the request (serial ``used``) stays valid until its
    own end, so that a host is not locked out when the answer is lost; raises BadRequest.
    """
    return _certify(authority, record, [used], request, now, lifetime)


def _certify(
    authority: Authority,
    record: HostRecord,
    kept: list[str],
    request: str,
    now: datetime,
    lifetime: timedelta,
) -> Signed:
    try:
        signed = authority.sign_host(request, record.id, record.name, now, lifetime)
    except BadRequestOfHost as error:
        raise BadRequest(str(error)) from None
    record.certificates = [*kept, signed.serial]
    record.fingerprint, record.certificate_ends_at = signed.fingerprint, signed.ends_at
    return signed


def name_of(session: Session, bearer: Bearer, now: datetime) -> str | None:
    """The host for which a certificate is valid now; None if it expired or was revoked."""
    row = session.execute(
        select(HostRecord.name, HostRecord.state, HostRecord.certificates).where(
            HostRecord.id == bearer.host_id
        )
    ).first()
    if row is None or row.state == records.LEFT or bearer.ends_at <= now:
        return None
    return row.name if bearer.serial in row.certificates else None


def leave(record: HostRecord) -> None:
    """Revoke its certificates; the row stays, because other rows refer to the host."""
    records.move(record, records.LEFT)
    record.certificates = []


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
