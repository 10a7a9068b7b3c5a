"""Claims go into a short token and come back whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stratolith.identity.managers.token_keys import claims
from stratolith.identity.managers.token_keys.claims import Claims
from stratolith.identity.managers.token_keys.keys import KeyRing

NOW = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
HEX = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "said",
    [
        Claims(HEX, ("password",), NOW, NOW + timedelta(days=1)),
        Claims(HEX, ("password", "token"), NOW, NOW, claims.PROJECT, HEX),
        Claims("ldap-user", ("token",), NOW, NOW, claims.DOMAIN, "default"),
        Claims(HEX, ("application_credential",), NOW, NOW, application_credential_id=HEX),
        Claims(HEX, ("password",), NOW, NOW, trust_id=HEX),
    ],
)
def test_there_and_back(said: Claims, tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    token = said.to_token(ring)
    assert len(token) <= 255
    assert claims.from_token(ring, token) == said


def test_a_payload_of_another_kind_is_refused(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    assert claims.from_token(ring, ring.encrypt(b"\x93\x01\x02\x03", 0)) is None
    assert claims.from_token(ring, ring.encrypt(b"\xc1", 0)) is None
