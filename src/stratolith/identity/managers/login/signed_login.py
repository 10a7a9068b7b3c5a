"""Login by an EC2 key: a service passes on a request that the user signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from stratolith.identity.exceptions import SignatureKeyNotFound
from stratolith.identity.managers import credentials, tokens
from stratolith.identity.managers.login import authentication, aws_signature
from stratolith.identity.managers.login.aws_signature import InvalidSignature, SignedRequest
from stratolith.identity.managers.login.factors import Proof
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.models import AccessToken, ApplicationCredential, Credential
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Unauthorized

Body = dict[str, Any]
METHOD = "ec2credential"
VALID_FOR = timedelta(minutes=15)


def by_ec2(ctx: Context, given: Body) -> tuple[str, Identity]:
    """(token, identity); raises Unauthorized, SignatureKeyNotFound."""
    key, parts = _key(ctx, given)
    request = SignedRequest.read(given)
    try:
        aws_signature.check_ec2(request, _text(given, "signature"), parts["secret"])
        signed_at = request.signed_at()
    except InvalidSignature as error:
        raise Unauthorized(str(error)) from None
    now = ctx.env.clock.now()
    if signed_at is not None and now > signed_at + VALID_FOR:
        raise Unauthorized("Credential is expired")
    return _token(ctx, key, parts)


def by_s3(ctx: Context, given: Body) -> tuple[str, Identity]:
    """(token, identity); raises Unauthorized, SignatureKeyNotFound."""
    key, parts = _key(ctx, given)
    try:
        aws_signature.check_s3(_text(given, "token"), _text(given, "signature"), parts["secret"])
    except InvalidSignature as error:
        raise Unauthorized(str(error)) from None
    return _token(ctx, key, parts)


def _key(ctx: Context, given: Body) -> tuple[Credential, Body]:
    access = _text(given, "access")
    credential = ctx.session.get(Credential, credentials.id_of_access(access))
    if credential is None or credential.type != credentials.EC2 or credential.project_id is None:
        raise SignatureKeyNotFound
    parts = credentials.ec2_parts(credentials.blob_of(ctx, credential))
    if not isinstance(parts.get("secret"), str) or not parts["secret"]:
        raise Unauthorized("The EC2 key has no secret.")
    return credential, parts


def _token(ctx: Context, key: Credential, parts: Body) -> tuple[str, Identity]:
    """A token with the rights of the key: those of the user, or of a delegation, with the uses
    and the expiry of that delegation.
    """
    proof = Proof(key.user_id, (METHOD,))
    if parts.get("app_cred_id"):
        credential = ctx.session.get(ApplicationCredential, str(parts["app_cred_id"]))
        if credential is None:
            raise Unauthorized
        proof = replace(
            proof, application_credential_id=credential.id, expires_at=credential.expires_at
        )
    elif parts.get("access_token_id"):
        token = ctx.session.get(AccessToken, str(parts["access_token_id"]))
        if token is None:
            raise Unauthorized
        proof = replace(proof, access_token_id=token.id, expires_at=token.expires_at)
    token_claims = authentication.new_claims(ctx, proof)
    token_claims = replace(token_claims, scope=claims.PROJECT, scope_id=key.project_id or "")
    if parts.get("trust_id"):
        trust_id = str(parts["trust_id"])
        token_claims, identity = authentication.by_trust(
            ctx, token_claims, trust_id, project_id=key.project_id
        )
    else:
        identity = tokens.resolve(ctx.env, ctx.session, token_claims)
    if identity.project_id != key.project_id:
        raise Unauthorized("The EC2 key and its credential belong to different projects.")
    return token_claims.to_token(claims.ring_of(ctx.env)), identity


def _text(given: Body, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Unauthorized("EC2 signature not supplied.")
    return value
