"""OAuth 1.0a (RFC 5849): a consumer asks a user for rights, and then acts with them.

The steps: the consumer creates a request token for a project; a user authorises it with some of
the user's roles there and gets a verifier; the consumer exchanges both for an access token and
logs in with it. Each request of the consumer is signed (HMAC or PLAINTEXT); oauthlib checks the
signatures.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_HMAC_SHA512,
    SIGNATURE_PLAINTEXT,
    AccessTokenEndpoint,
    RequestTokenEndpoint,
    RequestValidator,
    ResourceEndpoint,
)
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import consumers, effective, projects, role_graph
from stratolith.identity.managers.token_keys import epoch, sealing
from stratolith.identity.models import AccessToken, Consumer, RequestToken, UsedNonce
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Unauthorized
from stratolith.kernel.ids import new_hex

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NOBODY = "0" * 32  # used for unknown keys, so that they take as long as known ones
Pair = tuple[str, str, datetime | None]  # id, plain secret, expiry


class Validator(RequestValidator):
    """Gives oauthlib the existing keys and tokens and their secrets."""

    def __init__(self, ctx: Context) -> None:
        super().__init__()
        self._ctx = ctx
        self.used: UsedNonce | None = None  # the nonce of this request

    enforce_ssl = False  # the operator decides whether the cloud uses TLS
    dummy_client = _NOBODY
    dummy_request_token = _NOBODY
    dummy_access_token = _NOBODY
    allowed_signature_methods = (
        SIGNATURE_HMAC_SHA1,
        SIGNATURE_HMAC_SHA256,
        SIGNATURE_HMAC_SHA512,
        SIGNATURE_PLAINTEXT,
    )

    def check_client_key(self, client_key: str) -> bool:
        return len(client_key) == 32

    def check_request_token(self, request_token: str) -> bool:
        return len(request_token) == 32

    def check_access_token(self, request_token: str) -> bool:
        return len(request_token) == 32

    def check_nonce(self, nonce: str) -> bool:
        return 0 < len(nonce) <= 255

    def check_verifier(self, verifier: str) -> bool:
        return 0 < len(verifier) <= 64

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, *tokens: Any, **more: Any
    ) -> bool:
        # stored only if the signature is valid: _accept
        self.used = UsedNonce(consumer_id=client_key, nonce=nonce, signed_at=int(timestamp))
        return True

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return self._ctx.session.get(Consumer, client_key) is not None

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self._secret(self._ctx.session.get(Consumer, client_key))

    def validate_request_token(self, client_key: str, token: str, request: Any) -> bool:
        row = self._ctx.session.get(RequestToken, token)
        return row is not None and row.consumer_id == client_key

    def get_request_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self._secret(self._ctx.session.get(RequestToken, token))

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: Any) -> bool:
        row = self._ctx.session.get(RequestToken, token)
        wanted = row.verifier if row is not None else None
        return wanted is not None and secrets.compare_digest(wanted.encode(), verifier.encode())

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        row = self._ctx.session.get(AccessToken, token)
        return row is not None and row.consumer_id == client_key

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self._secret(self._ctx.session.get(AccessToken, token))

    def validate_realms(self, *args: Any, **names: Any) -> bool:
        return True  # realms are not used

    def get_default_realms(self, client_key: str, request: Any) -> list[str]:
        return []

    def validate_requested_realms(self, client_key: str, realms: Any, request: Any) -> bool:
        return True

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: Any) -> bool:
        return True  # no redirects: the user passes the verifier to the consumer

    def save_request_token(self, token: Any, request: Any) -> None:
        """The step itself does."""

    def get_realms(self, token: str, request: Any) -> list[str]:
        return []

    def save_access_token(self, token: Any, request: Any) -> None:
        """The step itself does."""

    def invalidate_request_token(self, client_key: str, request_token: str, request: Any) -> None:
        """The step itself does."""

    def _secret(self, row: Consumer | RequestToken | AccessToken | None) -> str:
        if row is None:
            return _NOBODY
        return sealing.decrypted(self._ctx, row.encrypted_secret, f"The secret of {row.id}")


@dataclass(frozen=True)
class Signed:
    """A request in oauthlib's form, and the parameters of its Authorization header."""

    url: str
    headers: dict[str, str]
    parameters: dict[str, str]

    @classmethod
    def read(cls, ctx: Context, *required: str) -> Signed:
        """Raises Unauthorized without the header, BadRequest for a missing parameter."""
        header = ctx.headers.get("authorization", "")
        try:
            parameters = dict(parse_authorization_header(header))
        except (ValueError, IndexError):
            raise Unauthorized("Error in retrieving OAuth headers.") from None
        for name in required:
            if not parameters.get(name):
                raise BadRequest(f"Expecting to find {name} in request.")
        query = str(ctx.query)
        url = f"{ctx.base_url}{ctx.path}" + (f"?{query}" if query else "")
        return cls(url, {"Authorization": header}, parameters)


# -- the steps -------------------------------------------------------------------------------------


def new_request_token(ctx: Context) -> Pair:
    """Raises Unauthorized, BadRequest, ResourceNotFound for the project or the consumer."""
    signed = Signed.read(ctx, "oauth_consumer_key")
    project_id = ctx.headers.get("requested-project-id", "")
    if not project_id:
        raise BadRequest("Expecting to find Requested-Project-Id in request.")
    projects.get(ctx, project_id)
    consumer = consumers.get(ctx, signed.parameters["oauth_consumer_key"])
    validator = Validator(ctx)
    endpoint = RequestTokenEndpoint(validator)
    _, answer, status = endpoint.create_request_token_response(
        signed.url, "POST", None, signed.headers
    )
    _refuse_malformed(status, answer)
    _accept(ctx, status == 200, validator)
    secret = new_hex()
    seconds = ctx.env.settings.of(IdentitySettings).oauth1_request_token_seconds
    token = RequestToken(
        consumer_id=consumer.id,
        project_id=project_id,
        encrypted_secret=sealing.encrypted(ctx.env, secret),
        expires_at=_end(ctx, seconds),
    )
    ctx.session.add(token)
    ctx.session.flush()
    return token.id, secret, token.expires_at


def authorize(ctx: Context, token_id: str, role_ids: list[str]) -> str:
    """The verifier; raises ResourceNotFound, Unauthorized for roles that the user lacks."""
    token = _request_token(ctx, token_id)
    project = projects.get(ctx, token.project_id)
    held = effective.on_project(ctx.session, ctx.user_id, project)
    if not role_ids or not set(role_ids) <= set(role_graph.cached(ctx.env).closure(held)):
        raise Unauthorized("authorizing user does not have role required")
    token.authorizing_user_id = ctx.user_id
    token.role_ids = role_ids
    token.verifier = "".join(secrets.choice(_LETTERS) for _ in range(8))
    ctx.session.flush()
    return token.verifier


def new_access_token(ctx: Context) -> Pair:
    """Exchange a request token, which is deleted; raises Unauthorized, BadRequest."""
    names = ("oauth_consumer_key", "oauth_token", "oauth_verifier")
    signed = Signed.read(ctx, *names)
    token = _request_token(ctx, signed.parameters["oauth_token"])
    validator = Validator(ctx)
    endpoint = AccessTokenEndpoint(validator)
    _, answer, status = endpoint.create_access_token_response(
        signed.url, "POST", None, signed.headers
    )
    _refuse_malformed(status, answer)
    _accept(ctx, status == 200, validator)
    if token.authorizing_user_id is None:
        raise Unauthorized("Request Token does not have an authorizing user id.")
    secret = new_hex()
    seconds = ctx.env.settings.of(IdentitySettings).oauth1_access_token_seconds
    access = AccessToken(
        consumer_id=token.consumer_id,
        project_id=token.project_id,
        authorizing_user_id=token.authorizing_user_id,
        role_ids=token.role_ids,
        encrypted_secret=sealing.encrypted(ctx.env, secret),
        expires_at=_end(ctx, seconds),
    )
    ctx.session.add(access)
    ctx.session.delete(token)
    ctx.session.flush()
    return access.id, secret, access.expires_at


def prove(ctx: Context) -> AccessToken:
    """The access token that signed this request; raises Unauthorized, BadRequest."""
    signed = Signed.read(ctx, "oauth_token")
    token = ctx.session.get(AccessToken, signed.parameters["oauth_token"])
    if token is None:
        raise ResourceNotFound("Access token not found")
    validator = Validator(ctx)
    endpoint = ResourceEndpoint(validator)
    valid, _ = endpoint.validate_protected_resource_request(
        signed.url, "POST", None, signed.headers
    )
    _accept(ctx, valid, validator)
    if is_over(ctx, token.expires_at):
        raise Unauthorized("Access token is expired")
    return token


# -- access tokens of a user -----------------------------------------------------------------------


def get(ctx: Context, user_id: str, token_id: str) -> AccessToken:
    """Raises ResourceNotFound."""
    token = ctx.session.get(AccessToken, token_id)
    if token is None or token.authorizing_user_id != user_id:
        raise ResourceNotFound(kind="Access Token", id=token_id)
    return token


def remove(ctx: Context, token: AccessToken) -> None:
    """Delete an access token; tokens issued for it are invalid at once."""
    ctx.session.delete(token)
    ctx.session.flush()
    epoch.touch(ctx)


def is_over(ctx: Context, end: datetime | None) -> bool:
    return end is not None and end <= ctx.env.clock.now()


def _request_token(ctx: Context, token_id: str) -> RequestToken:
    token = ctx.session.get(RequestToken, token_id)
    if token is None:
        raise ResourceNotFound(kind="Request Token", id=token_id)
    if is_over(ctx, token.expires_at):
        raise Unauthorized("Request token is expired")
    return token


def _end(ctx: Context, seconds: int) -> datetime | None:
    return ctx.env.clock.now() + timedelta(seconds=seconds) if seconds else None


def _refuse_malformed(status: int, answer: str | None) -> None:
    """Raises BadRequest with oauthlib's description of a malformed request."""
    if status == 400:
        reason = parse_qs(answer or "").get("error_description", [""])[0]
        raise BadRequest(f"The signed request is malformed: {reason}")


def _accept(ctx: Context, valid: bool, validator: Validator) -> None:
    """Raises Unauthorized for an invalid signature or a repeated nonce."""
    used = validator.used
    if not valid or used is None:
        raise Unauthorized("Invalid signature")
    oldest = int(time.time()) - 2 * validator.timestamp_lifetime

    def note(session: Session) -> None:
        # requests with older nonces are refused by their timestamp
        session.execute(delete(UsedNonce).where(UsedNonce.signed_at < oldest))
        session.add(used)

    try:
        if ctx.transaction.write:  # SQLite has one writer: use the transaction of the request
            note(ctx.session)
            ctx.session.flush()
        else:
            ctx.env.db.run(note)
    except IntegrityError:
        raise Unauthorized("The signed request was used before.") from None
