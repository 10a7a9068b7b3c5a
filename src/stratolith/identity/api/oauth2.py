"""OAuth 2.0 over HTTP: a token for an application credential (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qs

from stratolith.identity.managers.login import authentication
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import ApiError, BadRequest, Unauthorized
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.http.storable import NUL

_NO_CLIENT = "Client authentication failed."


def create_token(ctx: Context, body: bytes) -> Response:
    """Issue a token. The client is an application credential; its id and secret come in a Basic
    header or in the form.
    """
    form = parse_qs(body.decode("utf-8", "replace"))
    grant = form.get("grant_type", [""])[0]
    if not grant:
        return _refused(400, "invalid_request", "The parameter grant_type is required.")
    if grant != "client_credentials":
        text = f"The parameter grant_type {grant} is not supported."
        return _refused(400, "unsupported_grant_type", text)
    client, secret = _client(ctx, form)
    if not client or not secret or NUL in client + secret:
        return _refused(401, "invalid_client", _NO_CLIENT)
    credential = {"id": client, "secret": secret}
    asked: dict[str, Any] = {"methods": ["application_credential"]}
    try:
        token, identity = authentication.log_in(
            ctx, {"identity": {**asked, "application_credential": credential}}
        )
    except Unauthorized as error:
        return _refused(401, "invalid_client", str(error))
    except BadRequest as error:
        return _refused(400, "invalid_request", str(error))
    except ApiError as error:
        text = "An unknown error occurred and failed to get an OAuth2.0 access token."
        return _refused(error.status, "other_error", text)
    assert identity.expires_at is not None
    seconds = int((identity.expires_at - ctx.env.clock.now()).total_seconds())
    return Response({"access_token": token, "token_type": "Bearer", "expires_in": seconds})


def _client(ctx: Context, form: dict[str, list[str]]) -> tuple[str, str]:
    """(id, secret), each "" when missing."""
    kind, _, value = ctx.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        client, _, secret = text.partition(":")
        return client, secret
    return form.get("client_id", [""])[0], form.get("client_secret", [""])[0]


def _refused(status: int, error: str, text: str) -> Response:
    """An error in the form of RFC 6749, section 5.2."""
    return Response({"error": error, "error_description": text}, status=status)


ROUTES = [
    Route.post("/OS-OAUTH2/token", create_token, public=True, raw_body=True, writes=False),
]
