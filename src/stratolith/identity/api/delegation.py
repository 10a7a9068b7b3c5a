"""What a token of delegated rights may not do: create, read or remove rights that outlive it.

Tokens of application credentials, EC2 keys, OAuth access tokens and trusts are delegated.
"""

from __future__ import annotations

from stratolith.identity.managers.token_keys import claims
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden

APPLICATION_CREDENTIAL = "application_credential"


def refuse_credentials(ctx: Context) -> None:
    """Only users who logged in themselves may access stored secrets; raises Forbidden."""
    if claims.is_delegated(ctx.who):
        raise Forbidden("Delegated tokens cannot access credentials directly.")


def refuse_trusts(ctx: Context) -> None:
    """The token of a trust may pass on that trust and nothing else; raises Forbidden."""
    if claims.is_delegated_method(ctx.who):
        raise Forbidden("Delegated tokens cannot manage trusts.")


def refuse_application_credentials(ctx: Context, *, change: bool = False) -> None:
    """A token of an unrestricted application credential may manage others; raises Forbidden.

    change: the request creates or removes a credential.
    """
    credential = ctx.who.details.get(APPLICATION_CREDENTIAL)
    if credential is None and claims.is_delegated(ctx.who):
        raise Forbidden("Delegated tokens cannot manage application credentials.")
    if change and credential is not None and credential["restricted"]:
        raise Forbidden(
            "A token of a restricted application credential cannot manage application credentials."
        )
