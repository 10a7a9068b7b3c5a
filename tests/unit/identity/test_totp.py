"""Passcodes against the vectors of RFC 6238, appendix B (their last six digits)."""

from __future__ import annotations

import base64

import pytest

from stratolith.identity.managers.login import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_passcodes_are_those_of_the_standard(at: int, code: str) -> None:
    assert totp.passcode(SECRET, at) == code


def test_padding_spaces_and_case_of_a_secret_do_not_matter() -> None:
    loose = SECRET.rstrip("=").lower()
    assert totp.passcode(f"{loose[:4]} {loose[4:]}", 59) == "287082"


def test_a_secret_that_is_not_base32_gives_none() -> None:
    assert totp.passcode("not base 32!", 59) is None
