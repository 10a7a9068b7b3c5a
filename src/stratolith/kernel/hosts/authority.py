"""The cloud's certificate authority: it signs only for hosts and servers.

Its key uses the curve P-256; its certificate is valid for ten years. The certificates it signs have
a purpose: a host's is valid only for a client, a server's only for a server, so that no host can
pretend to be the server of its cloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stratolith.kernel.agent.protocol import SERVER_NAME

HOST_SCHEME = "stratolith-host:"  # precedes the id of the host, as URI in its certificate
SKEW = timedelta(minutes=5)  # clocks of machines differ
LIFETIME = timedelta(days=3650)


class BadRequestOfHost(ValueError):
    """The signing request is invalid, or its signature is wrong."""


@dataclass(frozen=True)
class Signed:
    """A certificate, with the data to store about it."""

    pem: str
    serial: str  # hexadecimal
    fingerprint: str  # SHA-256, hexadecimal
    ends_at: datetime


class Authority:
    """Key and certificate; created once per cloud."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def make(cls, cloud_id: str, now: datetime) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Stratolith cloud {cloud_id}")
        usage = x509.KeyUsage(
            key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _builder(name, name, key.public_key(), now, LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def read(cls, pem: str) -> Authority:
        """From the output of ``private_pem``; raises ValueError."""
        key = serialization.load_pem_private_key(pem.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key has the wrong type")
        return cls(key, x509.load_pem_x509_certificate(pem.encode()))

    def private_pem(self) -> str:
        """Key and certificate."""
        return _private(self._key) + self.pem

    @property
    def pem(self) -> str:
        """The certificate, which is public."""
        return _pem(self._certificate)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.pem)

    def sign_host(
        self, request: str, host_id: str, name: str, now: datetime, lifetime: timedelta
    ) -> Signed:
        """A certificate for the key of ``request`` (PEM); names in the request are ignored.

        Raises BadRequestOfHost.
        """
        try:
            asked = x509.load_pem_x509_csr(request.encode())
            is_signed = asked.is_signature_valid
        except (ValueError, InvalidSignature) as error:
            raise BadRequestOfHost(f"not a certificate signing request: {error}") from None
        key = asked.public_key()
        if not is_signed or not isinstance(key, ec.EllipticCurvePublicKey):
            raise BadRequestOfHost("the signing request must be signed by its own P-256 key")
        identity = x509.UniformResourceIdentifier(f"{HOST_SCHEME}{host_id}")
        return self._sign(name, key, identity, ExtendedKeyUsageOID.CLIENT_AUTH, now, lifetime)

    def sign_server(self, now: datetime, lifetime: timedelta) -> str:
        """Key and certificates (its own and the authority's) of a server, as one PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        identity = x509.DNSName(SERVER_NAME)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH
        signed = self._sign("server", key.public_key(), identity, purpose, now, lifetime)
        return _private(key) + signed.pem + self.pem

    def _sign(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        identity: x509.GeneralName,
        purpose: x509.ObjectIdentifier,
        now: datetime,
        lifetime: timedelta,
    ) -> Signed:
        of_authority = self._certificate.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier
        ).value
        certificate = (
            _builder(_name(name), self._certificate.subject, key, now, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([identity]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_authority),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return Signed(
            _pem(certificate),
            f"{certificate.serial_number:x}",
            certificate.fingerprint(hashes.SHA256()).hex(),
            certificate.not_valid_after_utc,
        )


def sign_apart(
    request: str, host_id: str, name: str, now: datetime, lifetime: timedelta
) -> tuple[Signed, str]:
    """A host's certificate by an authority for it alone, and that authority's certificate (PEM).

    The authority's key is not kept. For programs that know no revoked certificates: they trust the
    authorities of the present hosts. Raises BadRequestOfHost.
    """
    apart = Authority.make(name, now)
    return apart.sign_host(request, host_id, name, now, lifetime), apart.pem


@dataclass(frozen=True)
class Bearer:
    """The content of the certificate of a connection."""

    host_id: str
    serial: str  # hexadecimal
    ends_at: datetime


def bearer_of(der: bytes) -> Bearer | None:
    """The host of a certificate, None for another certificate; TLS has verified it before."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not uris[0].startswith(HOST_SCHEME):
        return None
    return Bearer(
        uris[0].removeprefix(HOST_SCHEME),
        f"{certificate.serial_number:x}",
        certificate.not_valid_after_utc,
    )


def fingerprint(pem: str) -> str:
    """SHA-256 of a certificate, hexadecimal; raises ValueError."""
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex()


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
