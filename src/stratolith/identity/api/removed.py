"""Routes for PKI tokens, which were removed upstream: they answer 410 Gone."""

from __future__ import annotations

from stratolith.identity.exceptions import PkiGone
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden
from stratolith.kernel.http.routing import Route


def certificates(ctx: Context) -> None:
    raise PkiGone


def revoked_tokens(ctx: Context) -> None:
    """Upstream kept this list for services that checked PKI tokens themselves."""
    raise Forbidden


ROUTES = [
    Route.get("/OS-SIMPLE-CERT/ca", certificates, public=True),
    Route.get("/OS-SIMPLE-CERT/certificates", certificates, public=True),
    Route.get("/auth/tokens/OS-PKI/revoked", revoked_tokens, public=True),
]
