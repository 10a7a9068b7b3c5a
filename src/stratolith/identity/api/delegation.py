"""What a token of delegated rights may not do: make, see or remove rights that outlive it.

Delegated are tokens of application credentials, EC2 keys, OAuth access tokens and trusts.
"""

from __future__ import annotations

from stratolith.identity.managers.token_keys import claims
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden

APPLICATION_CREDENTIAL = "application_credential"


def refuse_credentials(ctx: Context) -> None:
    """Stored secrets are for those who proved who they are; raises Forbidden."""
    if claims.is_delegated(ctx.who):
        raise Forbidden("Delegated tokens cannot access credentials directly.")


def refuse_trusts(ctx: Context) -> None:
    """A trust may be passed on with its own token, but nothing else; raises Forbidden."""
    if claims.is_delegated_method(ctx.who):
        raise Forbidden("Delegated tokens cannot manage trusts.")


def refuse_application_credentials(ctx: Context, *, change: bool = False) -> None:
    """An application credential may manage others when it is unrestricted; raises Forbidden.

    change: something is made or removed.
    """
    credential = ctx.who.details.get(APPLICATION_CREDENTIAL)
    if credential is None and claims.is_delegated(ctx.who):
        raise Forbidden("Delegated tokens cannot manage application credentials.")
    if change and credential is not None and credential["restricted"]:
        raise Forbidden(
            "A token of a restricted application credential cannot manage application credentials."
        )
