"""Signatures of EC2 and S3 requests: versions 0, 1, 2 and 4 of Amazon's scheme.

Source of the steps: AWS General Reference, "Signature Version 2 signing process" and
"Signature Version 4 signing process". All input comes from a client, so missing or malformed
input raises InvalidSignature, never another error.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
_S3_SERVICES = ("s3", "iam", "sts")


class InvalidSignature(Exception):
    """The request is not signed, or not with this secret."""


@dataclass(frozen=True)
class SignedRequest:
    """A request as the service that received it describes it."""

    verb: str
    host: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body_hash: str

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> SignedRequest:
        """From ``ec2Credentials``; values that are not text are taken as JSON spells them."""
        params, headers = given.get("params"), given.get("headers")
        return cls(
            verb=str(given.get("verb", "")),
            host=str(given.get("host", "")),
            path=str(given.get("path", "")),
            params={k: str(v) for k, v in params.items()} if isinstance(params, dict) else {},
            headers=(
                {k.lower().strip(): str(v).strip() for k, v in headers.items()}
                if isinstance(headers, dict)
                else {}
            ),
            body_hash=str(given.get("body_hash", "")),
        )

    def signed_at(self) -> datetime | None:
        """The time of signing, None if the request has none; raises InvalidSignature."""
        text = (
            self.params.get("Timestamp")
            or self.headers.get("x-amz-date")
            or self.params.get("X-Amz-Date")
        )
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidSignature(f"Credential timestamp is invalid: {text}") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_ec2(request: SignedRequest, signature: str, secret: str) -> None:
    """Raises InvalidSignature. Some clients sign the host without its port: that counts too."""
    if _same(_ec2(request, request.host, secret), signature):
        return
    if ":" in request.host:
        try:
            bare = urlsplit("//" + request.host).hostname or ""
        except ValueError:
            bare = ""
        if bare and _same(_ec2(request, bare, secret), signature):
            return
    raise InvalidSignature("Invalid EC2 signature.")


def check_s3(token: str, signature: str, secret: str) -> None:
    """``token``: the string that was signed, in URL-safe base64; raises InvalidSignature."""
    try:
        text = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        raise InvalidSignature("Invalid EC2 signature.") from None
    if text.startswith(b"AWS4"):
        wanted = _s3_version_4(text, secret)
    else:
        wanted = _base64(_hmac(secret.encode(), text, "sha1"))
    if not _same(wanted, signature):
        raise InvalidSignature("Credential signature mismatch")


def _ec2(request: SignedRequest, host: str, secret: str) -> str:
    version = request.params.get("SignatureVersion")
    key = secret.encode()
    if version == "0":
        signed = request.params.get("Action", "") + request.params.get("Timestamp", "")
        return _base64(_hmac(key, signed.encode(), "sha1"))
    if version == "1":
        ordered = sorted(request.params.items(), key=lambda pair: pair[0].lower())
        return _base64(_hmac(key, "".join(k + v for k, v in ordered).encode(), "sha1"))
    if version == "2":
        params = {**request.params, "SignatureMethod": "HmacSHA256"}
        signed = f"{request.verb}\n{host}\n{request.path}\n{_canonical_query(params)}"
        return _base64(_hmac(key, signed.encode(), "sha256"))
    by_header = request.headers.get("authorization", "").startswith(ALGORITHM)
    if by_header or request.params.get("X-Amz-Algorithm") == ALGORITHM:
        return _version_4(request, host, secret, by_header)
    raise InvalidSignature("Unknown signature version.")


def _version_4(request: SignedRequest, host: str, secret: str, by_header: bool) -> str:
    scope = _parameter(request, "Credential", by_header).split("/")[1:]
    date = request.headers.get("x-amz-date") or request.params.get("X-Amz-Date", "")
    if len(scope) != 4 or not scope[0] or not date.startswith(scope[0]):
        raise InvalidSignature("Invalid EC2 signature.")
    names = _parameter(request, "SignedHeaders", by_header)
    headers = {**request.headers}
    if "host" in headers and host != request.host:
        headers["host"] = host
    shown = "\n".join(f"{name}:{headers[name]}" for name in names.split(";") if name in headers)
    # the parameters of a POST are in its body, which has its own hash
    query = "" if request.verb.upper() == "POST" else _canonical_query(request.params)
    canonical = "\n".join(
        (request.verb.upper(), request.path, query, shown + "\n", names, request.body_hash)
    )
    signed = "\n".join(
        (ALGORITHM, date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest())
    )
    return _hmac(_signing_key(secret, scope), signed.encode(), "sha256").hex()


def _s3_version_4(text: bytes, secret: str) -> str:
    parts = text.split(b"\n")
    scope = parts[2].decode("utf-8", "replace").split("/") if len(parts) == 4 else []
    if parts[0] != ALGORITHM.encode() or len(scope) != 4 or scope[3] != "aws4_request":
        raise InvalidSignature("Invalid EC2 signature.")
    if scope[2] not in _S3_SERVICES:
        raise InvalidSignature("Invalid EC2 signature.")
    return _hmac(_signing_key(secret, scope), text, "sha256").hex()


def _signing_key(secret: str, scope: list[str]) -> bytes:
    """scope: day, region, service; the fourth part is always the same."""
    key = ("AWS4" + secret).encode()
    for part in (*scope[:3], "aws4_request"):
        key = _hmac(key, part.encode(), "sha256")
    return key


def _parameter(request: SignedRequest, name: str, by_header: bool) -> str:
    if not by_header:
        return request.params.get(f"X-Amz-{name}", "")
    rest = request.headers["authorization"].partition(f"{name}=")[2]
    return rest.split(",")[0].strip()


def _canonical_query(params: Mapping[str, str]) -> str:
    # the signature itself is not part of the signed text
    signed = {k: v for k, v in params.items() if k not in ("Signature", "X-Amz-Signature")}
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(signed.items())
    )


def _hmac(key: bytes, text: bytes, digest: str) -> bytes:
    return hmac.new(key, text, digest).digest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))
