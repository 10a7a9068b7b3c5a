"""Password hashes of every kind that verifies, and equal time for nobody."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

import argon2
import bcrypt
import pytest

from stratolith.identity.managers.login.passwords import Hasher
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel import config
from stratolith.kernel.config import ConfigError


@pytest.fixture(scope="module")
def hasher() -> Hasher:
    return Hasher(IdentitySettings())


def test_the_default_is_argon2id_as_owasp_recommends(hasher: Hasher) -> None:
    hashed = hasher.hash("secret")
    assert hashed.startswith("$argon2id$v=19$m=12288,t=3,p=1$")
    assert hasher.verify("secret", hashed)
    assert not hasher.verify("Secret", hashed)


@pytest.mark.parametrize(("memory", "passes"), [(12287, 3), (12288, 2), (19455, 2), (65536, 1)])
def test_nothing_weaker_can_be_set(memory: int, passes: int) -> None:
    values = {"argon2_memory_kib": memory, "argon2_passes": passes}
    with pytest.raises(ConfigError, match=r"12288|passes"):
        config.load({"identity": IdentitySettings}, overrides={"identity": values})


def test_bcrypt_verifies(hasher: Hasher) -> None:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    assert hasher.verify("secret", hashed)
    assert not hasher.verify("wrong", hashed)


def test_bcrypt_sha256_verifies(hasher: Hasher) -> None:
    salt = bcrypt.gensalt(4).decode()  # $2b$04$<22>
    mixed = hmac.new(salt[7:].encode(), b"secret", hashlib.sha256).digest()
    digest = bcrypt.hashpw(base64.b64encode(mixed), salt.encode()).decode()[29:]
    hashed = f"$bcrypt-sha256$v=2,t=2b,r=4${salt[7:]}${digest}"
    assert hasher.verify("secret", hashed)
    assert not hasher.verify("wrong", hashed)


def test_scrypt_verifies(hasher: Hasher) -> None:
    salt = os.urandom(16)
    digest = hashlib.scrypt(b"secret", salt=salt, n=1 << 10, r=8, p=1, dklen=32)

    def plain(raw: bytes) -> str:
        return base64.b64encode(raw).decode().rstrip("=").replace("+", ".")

    hashed = f"$scrypt$ln=10,r=8,p=1${plain(salt)}${plain(digest)}"
    assert hasher.verify("secret", hashed)
    assert not hasher.verify("wrong", hashed)


@pytest.mark.parametrize(
    "hashed", ["", "x", "$2b$xx", "$scrypt$", "$bcrypt-sha256$v=1,t=2b,r=4$a$b"]
)
def test_a_hash_that_cannot_be_read_verifies_nothing(hasher: Hasher, hashed: str) -> None:
    assert not hasher.verify("secret", hashed)


def test_nobody_takes_as_long_as_a_wrong_password(
    hasher: Hasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work: one verification of a hash with the same parameters, whoever is asked for."""
    worked: list[argon2.Parameters] = []
    verify = argon2.PasswordHasher.verify

    def watched(self: argon2.PasswordHasher, hashed: str, password: bytes) -> bool:
        worked.append(argon2.extract_parameters(hashed))
        return verify(self, hashed, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    assert not hasher.verify("wrong", hasher.hash("secret"))
    assert not hasher.verify("wrong", None)
    known, unknown = worked
    assert known == unknown
