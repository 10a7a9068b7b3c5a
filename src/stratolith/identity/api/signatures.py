"""Requests signed with EC2 keys: returns tokens to the services that received them."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api import auth
from stratolith.identity.managers.login import signed_login
from stratolith.identity.schemas import auth as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Unauthorized
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]


def _given(body: Body) -> Body:
    for name in schemas.SIGNATURE_KEYS:
        if body.get(name):
            return dict(body[name])
    raise Unauthorized("EC2 signature not supplied.")


def ec2(ctx: Context, body: Body) -> Response:
    token, identity = signed_login.by_ec2(ctx, _given(body))
    return Response(auth.render(ctx, identity), headers={"X-Subject-Token": token})


def s3(ctx: Context, body: Body) -> Response:
    """Returns the body of the token but not its secret id: the caller needs only the user's
    identity.
    """
    _, identity = signed_login.by_s3(ctx, _given(body))
    return Response(auth.render(ctx, identity))


ROUTES = [
    Route.post(
        "/ec2tokens",
        ec2,
        rule="identity:ec2tokens_validate",
        body=schemas.SIGNED,
        writes=False,
    ),
    Route.post(
        "/s3tokens", s3, rule="identity:s3tokens_validate", body=schemas.SIGNED, writes=False
    ),
]
