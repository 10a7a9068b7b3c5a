"""How a machine becomes a host of the cloud and stops being one.

A token lets one machine in: it is used once, within its time, and the database holds its hash
only. Behind the secret it has the fingerprint of the cloud's authority, by which the machine
knows whom it talks to before it says the secret. The row of a host lists the certificates that are
good; taking them out of the row revokes them at once.
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
_KEEP = timedelta(days=7)  # tokens that are of no use any more


class NotLetIn(Forbidden):
    message = "The token is not known, was used, or its time is over."


def new_token(session: Session, authority: Authority, now: datetime, lifetime: timedelta) -> str:
    """SECRET.FINGERPRINT, to be used once until ``now`` + ``lifetime``."""
    secret = secrets.token_urlsafe(24)
    session.execute(delete(JoinToken).where(JoinToken.ends_at < now - _KEEP))
    session.add(JoinToken(hash=_hash(secret), created_at=now, ends_at=now + lifetime))
    return f"{secret}.{authority.fingerprint}"


def spend_token(session: Session, token: str, host: str, now: datetime) -> None:
    """Use the token up for ``host``; raises NotLetIn."""
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
    """A row and a certificate for a machine whose token was spent in this transaction.

    A host that left, or that joined and was never heard of, may join under its name again; raises
    Conflict for the name of any other and BadRequest.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(f"'{name}' cannot be the name of a host: letters, digits, dots, hyphens.")
    record = records.named(session, name)
    if record is None:
        record = records.new_record(name, records.JOINING, now)
        session.add(record)
        session.flush()
    elif record.state not in (records.LEFT, records.JOINING):
        raise Conflict(
            f"There is a host {name} already. If it is this machine, or one that is gone: "
            f"`stratolith host remove {name}` on the server, then join again with a new token."
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
    """A further certificate. The one it was asked with (serial ``used``) stays good until its own
    end, so that a lost answer locks nobody out; raises BadRequest.
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
    """The host that a certificate is good for now; None: it ended, was revoked, or replaced."""
    found = session.execute(
        select(HostRecord.name, HostRecord.state, HostRecord.certificates).where(
            HostRecord.id == bearer.host_id
        )
    ).first()
    if found is None or found.state == records.LEFT or bearer.ends_at <= now:
        return None
    return found.name if bearer.serial in found.certificates else None


def leave(record: HostRecord) -> None:
    """Revoke its certificates; the row stays, as other rows name the host."""
    records.move(record, records.LEFT)
    record.certificates = []


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
