"""Shape of OAuth 1.0a consumers."""

from __future__ import annotations

from stratolith.identity.schemas.types import DESCRIPTION, TEXT, wrapped

CONSUMER = wrapped("consumer", {"description": DESCRIPTION, "id": TEXT})
