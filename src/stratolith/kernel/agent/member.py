"""The files of a machine that is a host of a cloud on another machine: identity and certificate.

All files are in the directory ``host`` in the state directory, which only root can read:

    host.json       name, id, address of the server
    authority.pem   the certificate of the cloud's authority, which verifies the server
    host.pem        the host's key and certificate; replaced as a whole at each renewal
"""

from __future__ import annotations

import logging
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stratolith.kernel import files
from stratolith.kernel.agent.client import HttpTransport, Refused, Unreachable, by_tls, tls_context

LOG = logging.getLogger(__name__)
FOLDER = "host"
LOOK_SECONDS = 60.0  # how often the agent checks whether to renew
RENEW_AFTER = 1 / 3  # fraction of the lifetime: two thirds are left for retries


class NotAMember(Exception):
    """The directory lacks what a host needs; the text says what to do."""


class Member(msgspec.Struct, kw_only=True):
    """host.json."""

    id: str
    name: str
    server: str  # ADDRESS:PORT


class Membership:
    """The files of one host."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER
        self.credentials = self.folder / "host.pem"
        self._authority = self.folder / "authority.pem"
        self._member = self.folder / "host.json"

    def exists(self) -> bool:
        return self._member.exists()

    def is_complete(self) -> bool:
        """Whether all files exist: a part is left of a `leave` that was interrupted."""
        return all(path.exists() for path in (self._member, self._authority, self.credentials))

    def read(self) -> Member:
        """Raises NotAMember."""
        try:
            return msgspec.json.decode(self._member.read_bytes(), type=Member)
        except (OSError, msgspec.DecodeError) as error:
            raise NotAMember(
                f"{self._member} cannot be read ({error}): join again with `stratolith join`."
            ) from None

    def write(self, member: Member, authority: str, key: str, certificate: str) -> None:
        """Write host.json last: it makes the machine a host."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(self._authority, authority)
        self.take(key, certificate)
        files.write(self._member, msgspec.json.encode(member).decode())

    def take(self, key: str, certificate: str) -> None:
        """Use this key and certificate (PEM) from now on."""
        files.write(self.credentials, key + certificate)

    def transport(self, cloud_file: Path) -> HttpTransport:
        """A transport to the server; raises NotAMember."""
        server = self.read().server

        def context() -> ssl.SSLContext:
            return tls_context(self._authority.read_text(), self.credentials)

        return HttpTransport(by_tls(server, context), cloud_file)

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for a new certificate."""
        begin, end = self._life()
        return now >= begin + (end - begin) * RENEW_AFTER

    def lack(self, now: datetime) -> str:
        """Why the server refuses this host; "" while the certificate is valid."""
        end = self._life()[1]
        if now < end:
            return ""
        return (
            f"The certificate of this host expired at {end:%Y-%m-%d %H:%M} UTC. On the server: "
            f"stratolith host remove {self.read().name} --force, stratolith token create; here: "
            "stratolith leave --force, then join."
        )

    def _life(self) -> tuple[datetime, datetime]:
        """Start and end of the certificate's validity."""
        held = x509.load_pem_x509_certificate(self.credentials.read_bytes())
        return held.not_valid_before_utc, held.not_valid_after_utc


class Renewal:
    """The work of a thread: renew the certificate well before it expires."""

    def __init__(self, membership: Membership, transport: HttpTransport) -> None:
        self._membership = membership
        self._transport = transport
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                if lack := self._membership.lack(datetime.now(UTC)):
                    LOG.error(lack)
                else:
                    self.look(datetime.now(UTC))
            except (Unreachable, Refused, OSError, ValueError) as error:
                LOG.warning("cannot renew the certificate yet: %s", error)
            self._stopping.wait(LOOK_SECONDS)

    def stop(self) -> None:
        self._stopping.set()

    def look(self, now: datetime) -> bool:
        """Renew if it is time; returns whether it was. Raises Unreachable, Refused, OSError."""
        if not self._membership.is_due(now):
            return False
        name = self._membership.read().name
        key, request = new_request()
        certificate = self._transport.renew(name, request)
        self._membership.take(key, certificate)
        self._transport.reconnect()
        LOG.info("this host has a new certificate")
        return True


def new_request() -> tuple[str, str]:
    """A new private key and its signing request, both as PEM.

    The request has no name: only the authority decides about the name in the certificate.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signed = request.sign(key, hashes.SHA256())
    return private.decode(), signed.public_bytes(serialization.Encoding.PEM).decode()
