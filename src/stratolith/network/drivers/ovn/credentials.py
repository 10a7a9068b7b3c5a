"""A host's key and certificate for the southbound database of a server on another machine.

They are not those of its agent: the database's server knows no revoked certificates, so its trust
is given and taken by an authority for each host (``trust.py``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509

from stratolith.kernel import files
from stratolith.kernel.agent.member import RENEW_AFTER

NEWS_SECONDS = 60.0  # after an answer views may still have the former mark


class Admitted(msgspec.Struct, frozen=True):
    """The server's answer to a request; ``mark`` identifies the certificate for the server."""

    certificate: str
    authority: str
    mark: str


class Credentials:
    """The files in a directory of the host."""

    def __init__(self, directory: Path) -> None:
        self._own = directory / "southbound.pem"  # key and certificate, replaced as one
        self._authority = directory / "server-authority.pem"
        self._mark = directory / "southbound.mark"
        self._asked_at = -NEWS_SECONDS

    def arguments(self) -> Sequence[str]:
        """Options of a program that connects with them; it reads changed files by itself."""
        return (
            f"--private-key={self._own}",
            f"--certificate={self._own}",
            f"--ca-cert={self._authority}",
        )

    def is_due(self, admitted: str, now: datetime) -> bool:
        """Whether to ask for a new certificate; ``admitted``: the mark that the server knows."""
        try:
            held = x509.load_pem_x509_certificate(self._own.read_bytes())
            is_news = time.monotonic() - self._asked_at >= NEWS_SECONDS
            if self._mark.read_text() != admitted and is_news:
                return True
        except (OSError, ValueError):
            return True
        begin, end = held.not_valid_before_utc, held.not_valid_after_utc
        return now >= begin + (end - begin) * RENEW_AFTER

    def exist(self) -> bool:
        return self._own.exists() and self._authority.exists()

    def take(self, key: str, answer: Admitted) -> None:
        """Use this key and certificate from now on."""
        self._own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write(self._authority, answer.authority)
        files.write(self._own, key + answer.certificate)
        files.write(self._mark, answer.mark)
        self._asked_at = time.monotonic()
