"""The ways to prove who one is: password, one-time passcode, token, application credential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from stratolith.identity.exceptions import PasswordExpired, TokenNotFound
from stratolith.identity.managers import accounts, lockout, oauth1, passwords, tokens, totp
from stratolith.identity.managers.accounts import Account
from stratolith.identity.models import ApplicationCredential, Password
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Unauthorized

Body = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """Who somebody turned out to be. parent: the token it rests on, if any; expires_at: an end
    that the proof itself has; account: what was read of the user on the way.
    """

    user_id: str
    methods: tuple[str, ...]
    parent: Identity | None = None
    application_credential_id: str = ""
    access_token_id: str = ""
    expires_at: datetime | None = None
    account: Account | None = None


def by_password(ctx: Context, body: Body) -> Proof:
    """A wrong password, an unknown user and a disabled one look alike and take as long."""
    given = body["user"]
    found = check_password(ctx, find_account(ctx, given), given["password"])
    expires = found.password_expires_at
    if expires is not None and expires <= ctx.env.clock.now():
        raise PasswordExpired(user_id=found.user.id)
    return Proof(found.user.id, ("password",), account=found)


def check_password(ctx: Context, found: Account | None, password: str) -> Account:
    """The account, when the password is right (expired or not); raises Unauthorized.

    Not while a write transaction is open: the hash takes its time.
    """
    usable = found is not None and not lockout.is_locked(ctx, found.user)
    row = found.password if found is not None and usable else None
    good = passwords.of(ctx.env).verify(password, row.hash if row is not None else None)
    if found is None or not usable or not good:
        lockout.failed(ctx, found.user if found is not None else None)
        raise Unauthorized
    accounts.require_enabled(ctx.env, found)
    if row is not None and passwords.of(ctx.env).is_outdated(row.hash):
        _hash_again(ctx, row, password)
    return found


def _hash_again(ctx: Context, row: Password, password: str) -> None:
    """Keep a password as the settings of today ask for; only now it is known in clear."""
    stronger = passwords.of(ctx.env).hash(password)
    statement = (
        sql_update(Password)
        .where(Password.id == row.id, Password.hash == row.hash)
        .values(hash=stronger)
    )
    ctx.env.db.run(lambda session: session.execute(statement))


def by_totp(ctx: Context, body: Body) -> Proof:
    """Wrong passcodes count like wrong passwords: there are only a million of them.

    An unknown user, a locked one and one without a secret take as long as a wrong passcode.
    """
    given = body["user"]
    found = find_account(ctx, given)
    usable = found is not None and not lockout.is_locked(ctx, found.user)
    user_id = found.user.id if found is not None and usable else ""
    if not totp.accept(ctx, user_id, given["passcode"]) or found is None:
        lockout.failed(ctx, found.user if found is not None else None)
        raise Unauthorized
    accounts.require_enabled(ctx.env, found)
    return Proof(found.user.id, ("totp",), account=found)


def by_token(ctx: Context, body: Body) -> Proof:
    try:
        parent = tokens.validate(ctx.env, body["id"])
    except Unauthorized:
        raise TokenNotFound from None  # the real one says 404 here, and clients look for it
    return Proof(parent.user_id, (*parent.methods, "token"), parent)


def by_application_credential(ctx: Context, body: Body) -> Proof:
    """By id, or by name and user; an unknown one takes as long as a wrong secret."""
    found = None
    if body.get("id") is not None:
        found = ctx.session.get(ApplicationCredential, body["id"])
    elif body.get("name") is not None and body.get("user"):
        account = find_account(ctx, body["user"])
        statement = select(ApplicationCredential).where(
            ApplicationCredential.user_id == (account.user.id if account else ""),
            ApplicationCredential.name == body["name"],
        )
        found = ctx.session.scalars(statement).first()
    else:
        raise BadRequest("application_credential: an id, or a name and a user, is required.")
    hashed = found.secret_hash if found is not None else None
    if not passwords.of(ctx.env).verify(body["secret"], hashed) or found is None:
        raise Unauthorized
    return Proof(
        found.user_id,
        ("application_credential",),
        application_credential_id=found.id,
        expires_at=found.expires_at,
    )


def by_oauth1(ctx: Context, body: Body) -> Proof:
    """The request itself is signed, with an access token that a user authorised."""
    token = oauth1.prove(ctx)
    return Proof(
        token.authorizing_user_id,
        ("oauth1",),
        access_token_id=token.id,
        expires_at=token.expires_at,
    )


CHECKS: dict[str, Callable[[Context, Body], Proof]] = {
    "password": by_password,
    "totp": by_totp,
    "token": by_token,
    "application_credential": by_application_credential,
    "oauth1": by_oauth1,
}


def find_account(ctx: Context, given: Body) -> Account | None:
    """The user of ``{"id"}`` or ``{"name", "domain"}``; raises BadRequest for neither.

    With both the name counts, as upstream: whoever looks at a request sees the name.
    """
    session: Session = ctx.session
    if given.get("id") is not None and not given.get("name"):
        return accounts.by_id(session, given["id"])
    if given.get("name") is None or not given.get("domain"):
        raise BadRequest(
            "Expecting to find domain in user. The server could not comply with the request "
            "since it is either malformed or otherwise incorrect. The client is assumed to be "
            "in error."
        )
    domain = given["domain"]
    if domain.get("id") is None and domain.get("name") is None:
        raise BadRequest("Expecting to find id or name in domain.")
    return accounts.by_name(session, given["name"], domain)
