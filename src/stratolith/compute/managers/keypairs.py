"""Keypairs: public keys of users, imported or generated; a private key is returned once."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from stratolith.compute.exceptions import InvalidKeypair, KeypairExists, KeypairNotFound
from stratolith.compute.models import Keypair
from stratolith.kernel import quota
from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden

_UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")  # user principal name, as Windows expects it


@dataclass(frozen=True)
class Material:
    """The key: the public part to store, and the private key if it was generated here."""

    public_key: str
    fingerprint: str
    private_key: str | None = None


def read_ssh(text: str) -> Material:
    """A public key in OpenSSH's one-line format; raises InvalidKeypair."""
    line = text.strip()
    try:
        load_ssh_public_key(line.encode())
        blob = base64.b64decode(line.split()[1])
    except (ValueError, IndexError, binascii.Error, UnsupportedAlgorithm, UnicodeError):
        raise InvalidKeypair(reason="the public key is not in OpenSSH format") from None
    return Material(text, _colons(hashlib.md5(blob, usedforsecurity=False).hexdigest()))


def read_x509(text: str) -> Material:
    """A certificate in PEM; raises InvalidKeypair."""
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
    except (ValueError, UnicodeError):
        raise InvalidKeypair(reason="the certificate is not in PEM format") from None
    return Material(text, _colons(certificate.fingerprint(hashes.SHA1()).hex()))


def generate_ssh() -> Material:
    """A new RSA key; this is slow, so call it before the transaction begins."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public_material = read_ssh(public + " Generated-by-Stratolith")
    return Material(public_material.public_key, public_material.fingerprint, private.decode())


def generate_x509(user_id: str) -> Material:
    """A new key with a certificate for Windows Remote Management, valid for ten years."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id[:64] or "user")])
    upn = f"{user_id}@localhost".encode()
    value = b"\x0c" + bytes([len(upn)]) + upn if len(upn) < 128 else b"\x0c\x04user"
    now = utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.OtherName(_UPN, value)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public_material = read_x509(certificate.public_bytes(Encoding.PEM).decode())
    return Material(public_material.public_key, public_material.fingerprint, private)


def _colons(digits: str) -> str:
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def make(user_id: str, type_: str, public_key: str | None) -> Material:
    """Read the given key, or generate a new one; raises InvalidKeypair."""
    if public_key is not None:
        return read_ssh(public_key) if type_ == "ssh" else read_x509(public_key)
    return generate_ssh() if type_ == "ssh" else generate_x509(user_id)


def create(ctx: Context, user_id: str, name: str, type_: str, material: Material) -> Keypair:
    """Raises KeypairExists, or Forbidden if the user's quota is used up."""
    limit = quota.limits(ctx, ctx.project_id)["key_pairs"]
    used = ctx.session.scalar(select(func.count()).where(Keypair.user_id == user_id)) or 0
    if 0 <= limit <= used:
        raise Forbidden("Quota exceeded, too many key pairs.")
    keypair = Keypair(
        user_id=user_id,
        name=name,
        type=type_,
        fingerprint=material.fingerprint,
        public_key=material.public_key,
    )
    ctx.session.add(keypair)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise KeypairExists(name=name) from None
    return keypair


def get(ctx: Context, user_id: str, name: str) -> Keypair:
    """Raises KeypairNotFound."""
    keypair = ctx.session.scalars(
        select(Keypair).where(Keypair.user_id == user_id, Keypair.name == name)
    ).first()
    if keypair is None:
        raise KeypairNotFound(name=name, user_id=user_id)
    return keypair


def remove(ctx: Context, user_id: str, name: str) -> None:
    """Delete a keypair; servers keep a copy of their key."""
    ctx.session.delete(get(ctx, user_id, name))
