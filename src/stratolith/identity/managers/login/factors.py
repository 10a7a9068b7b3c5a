"""Authentication methods: password, passcode, token, application credential, OAuth 1.0a."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from stratolith.identity.exceptions import PasswordExpired, TokenNotFound
from stratolith.identity.managers import oauth1, tokens
from stratolith.identity.managers.login import accounts, lockout, passwords, totp
from stratolith.identity.managers.login.accounts import Account
from stratolith.identity.models import ApplicationCredential, Password
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Unauthorized

Body = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """A proven user. parent: the identity of the token used as proof, if any; expires_at: when
    the proof itself expires; account: the user's account, if it was read for the proof.
    """

    user_id: str
    methods: tuple[str, ...]
    parent: Identity | None = None
    application_credential_id: str = ""
    access_token_id: str = ""
    expires_at: datetime | None = None
    account: Account | None = None


def by_password(ctx: Context, body: Body) -> Proof:
    """A wrong password, an unknown and a disabled user give the same answer in the same time."""
    given = body["user"]
    account = check_password(ctx, find_account(ctx, given), given["password"])
    expires = account.password_expires_at
    if expires is not None and expires <= ctx.env.clock.now():
        raise PasswordExpired(user_id=account.user.id)
    return Proof(account.user.id, ("password",), account=account)


def check_password(ctx: Context, account: Account | None, password: str) -> Account:
    """The account, if the password is correct (it may be expired); raises Unauthorized.

    Do not call it in an open write transaction: hashing is slow.
    """
    usable = account is not None and not lockout.is_locked(ctx, account.user)
    row = account.password if account is not None and usable else None
    good = passwords.of(ctx.env).verify(password, row.hash if row is not None else None)
    if account is None or not usable or not good:
        lockout.failed(ctx, account.user if account is not None else None)
        raise Unauthorized
    accounts.require_enabled(ctx.env, account)
    if row is not None and passwords.of(ctx.env).is_outdated(row.hash):
        _hash_again(ctx, row, password)
    return account


def _hash_again(ctx: Context, row: Password, password: str) -> None:
    """Store the password hashed with the current settings; possible only during a login."""
    stronger = passwords.of(ctx.env).hash(password)
    statement = (
        sql_update(Password)
        .where(Password.id == row.id, Password.hash == row.hash)
        .values(hash=stronger)
    )
    ctx.env.db.run(lambda session: session.execute(statement))


def by_totp(ctx: Context, body: Body) -> Proof:
    """Wrong passcodes count as wrong passwords: there are only a million passcodes.

    An unknown user, a locked user and a user without a secret take as long as a wrong passcode.
    """
    given = body["user"]
    account = find_account(ctx, given)
    usable = account is not None and not lockout.is_locked(ctx, account.user)
    user_id = account.user.id if account is not None and usable else ""
    if not totp.accept(ctx, user_id, given["passcode"]) or account is None:
        lockout.failed(ctx, account.user if account is not None else None)
        raise Unauthorized
    accounts.require_enabled(ctx.env, account)
    return Proof(account.user.id, ("totp",), account=account)


def by_token(ctx: Context, body: Body) -> Proof:
    try:
        parent = tokens.validate(ctx.env, body["id"])
    except Unauthorized:
        raise TokenNotFound from None  # Keystone answers 404 here, and clients expect it
    return Proof(parent.user_id, (*parent.methods, "token"), parent)


def by_application_credential(ctx: Context, body: Body) -> Proof:
    """By id, or by name and user; an unknown credential takes as long as a wrong secret."""
    credential = None
    if body.get("id") is not None:
        credential = ctx.session.get(ApplicationCredential, body["id"])
    elif body.get("name") is not None and body.get("user"):
        account = find_account(ctx, body["user"])
        statement = select(ApplicationCredential).where(
            ApplicationCredential.user_id == (account.user.id if account else ""),
            ApplicationCredential.name == body["name"],
        )
        credential = ctx.session.scalars(statement).first()
    else:
        raise BadRequest("application_credential: an id, or a name and a user, is required.")
    hashed = credential.secret_hash if credential is not None else None
    if not passwords.of(ctx.env).verify(body["secret"], hashed) or credential is None:
        raise Unauthorized
    return Proof(
        credential.user_id,
        ("application_credential",),
        application_credential_id=credential.id,
        expires_at=credential.expires_at,
    )


def by_oauth1(ctx: Context, body: Body) -> Proof:
    """By the signature of the request, made with an access token that a user authorised."""
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

    If both are given, the name is used, as upstream.
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
