"""Password hashes: argon2id; bcrypt and scrypt hashes of imported users can be verified too."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.caches import Once
from stratolith.kernel.environment import Environment

# bcrypt uses no more bytes; Keystone truncated passwords to this before hashing
_BCRYPT_BYTES = 72


class Hasher:
    """Hashes with the parameters of the settings."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._argon2 = PasswordHasher(
            time_cost=settings.argon2_passes,
            memory_cost=settings.argon2_memory_kib,
            parallelism=1,
        )
        self._nobody = self._argon2.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Slow by design: in a writing request call it before the first use of ``ctx.session``."""
        return self._argon2.hash(password)

    def verify(self, password: str, hashed: str | None) -> bool:
        """hashed: None if there is no user or password; takes as long as a wrong password."""
        raw = password.encode("utf-8", "surrogatepass")
        try:
            if hashed is None:
                self._verify_argon2(self._nobody, raw)
                return False
            if hashed.startswith(("$2a$", "$2b$", "$2y$")):
                return bcrypt.checkpw(raw[:_BCRYPT_BYTES], hashed.encode())
            if hashed.startswith("$bcrypt-sha256$"):
                return _verify_bcrypt_sha256(raw, hashed)
            if hashed.startswith("$scrypt$"):
                return _verify_scrypt(raw, hashed)
            return self._verify_argon2(hashed, raw)
        except ValueError:
            return False  # an unreadable hash

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash is weaker than the settings ask for."""
        try:
            return self._argon2.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def _verify_argon2(self, hashed: str, raw: bytes) -> bool:
        try:
            return self._argon2.verify(hashed, raw)
        except Argon2Error:
            return False


_HASHER = Once(lambda env: Hasher(env.settings.of(IdentitySettings)))


def of(env: Environment) -> Hasher:
    """The hasher of this process."""
    return _HASHER.of(env)


def _verify_bcrypt_sha256(raw: bytes, hashed: str) -> bool:
    """``$bcrypt-sha256$v=2,t=2b,r=12$<22 salt>$<31 digest>`` (passlib's second version)."""
    _, _, parameters, salt, digest = hashed.split("$")
    options = dict(part.split("=", 1) for part in parameters.split(","))
    if options.get("v") != "2":
        return False
    mixed = hmac.new(salt.encode(), raw, hashlib.sha256).digest()
    inner = f"${options['t']}${int(options['r']):02d}${salt}{digest}"
    return bcrypt.checkpw(base64.b64encode(mixed), inner.encode())


def _verify_scrypt(raw: bytes, hashed: str) -> bool:
    """``$scrypt$ln=16,r=8,p=1$<salt>$<digest>`` with passlib's unpadded base64."""
    _, _, parameters, salt, digest = hashed.split("$")
    options = {k: int(v) for k, v in (part.split("=", 1) for part in parameters.split(","))}
    expected = _plain64(digest)
    computed = hashlib.scrypt(
        raw,
        salt=_plain64(salt),
        n=1 << options["ln"],
        r=options["r"],
        p=options["p"],
        maxmem=1 << 30,
        dklen=len(expected),
    )
    return hmac.compare_digest(computed, expected)


def _plain64(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
