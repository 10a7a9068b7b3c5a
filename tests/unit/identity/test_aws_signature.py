"""Signatures against the examples that AWS publishes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from stratolith.identity.managers.login import aws_signature
from stratolith.identity.managers.login.aws_signature import InvalidSignature, SignedRequest

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
# AWS General Reference, "Examples of the complete Signature Version 4 signing process": a GET of
# iam's ListUsers
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, "
    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
)
SIGNATURE = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"


def listing(**changes: Any) -> SignedRequest:
    given = {
        "verb": "GET",
        "host": "iam.amazonaws.com",
        "path": "/",
        "params": {"Action": "ListUsers", "Version": "2010-05-08"},
        "headers": {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Host": "iam.amazonaws.com",
            "X-Amz-Date": "20150830T123600Z",
            "Authorization": AUTHORIZATION,
        },
        "body_hash": hashlib.sha256(b"").hexdigest(),
    }
    return SignedRequest.read({**given, **changes})


def test_version_4_is_as_aws_shows_it() -> None:
    aws_signature.check_ec2(listing(), SIGNATURE, SECRET)
    moment = listing().signed_at()
    assert moment is not None
    assert moment.isoformat() == "2015-08-30T12:36:00+00:00"


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "PUT"},
        {"path": "/other"},
        {"params": {"Action": "DeleteUsers", "Version": "2010-05-08"}},
        {"body_hash": "0" * 64},
        {"headers": {}},
        {"headers": {"Authorization": "AWS4-HMAC-SHA256"}},
        {"headers": "text", "params": []},
    ],
)
def test_whatever_changes_breaks_the_signature(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature):
        aws_signature.check_ec2(listing(**change), SIGNATURE, SECRET)


def version_2(host: str, secret: str) -> str:
    query = (
        "AWSAccessKeyId=key&SignatureMethod=HmacSHA256&SignatureVersion=2"
        "&Text=a%20b%2Fc~d.e&Timestamp=2026-01-01T00%3A00%3A00Z"
    )
    text = f"GET\n{host}\n/services/Cloud\n{query}"
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("signed_host", ["cloud.example:8773", "cloud.example"])
def test_version_2_signs_the_sorted_query_with_or_without_the_port(signed_host: str) -> None:
    request = SignedRequest.read(
        {
            "verb": "GET",
            "host": "cloud.example:8773",
            "path": "/services/Cloud",
            "params": {
                "Timestamp": "2026-01-01T00:00:00Z",
                "Text": "a b/c~d.e",
                "SignatureVersion": "2",
                "AWSAccessKeyId": "key",
            },
        }
    )
    aws_signature.check_ec2(request, version_2(signed_host, "secret"), "secret")
    with pytest.raises(InvalidSignature):
        aws_signature.check_ec2(request, version_2("other", "secret"), "secret")


def test_versions_0_and_1_sign_parameters() -> None:
    params = {"Action": "Run", "Timestamp": "2026-01-01T00:00:00Z", "SignatureVersion": "0"}
    zero = hmac.new(b"s", b"Run2026-01-01T00:00:00Z", hashlib.sha1).digest()
    request = SignedRequest.read({"params": params})
    aws_signature.check_ec2(request, base64.b64encode(zero).decode(), "s")
    text = b"ActionRunSignatureVersion1Timestamp2026-01-01T00:00:00Z"
    one = base64.b64encode(hmac.new(b"s", text, hashlib.sha1).digest()).decode()
    request = SignedRequest.read({"params": {**params, "SignatureVersion": "1"}})
    aws_signature.check_ec2(request, one, "s")


def test_s3_signs_a_string() -> None:
    text = b"GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/bucket/photos/puppy.jpg"
    signature = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha1).digest()).decode()
    token = base64.urlsafe_b64encode(text).decode()
    aws_signature.check_s3(token, signature, SECRET)
    for bad in ("", "junk", signature[:-2] + "A="):
        with pytest.raises(InvalidSignature):
            aws_signature.check_s3(token, bad, SECRET)


@pytest.mark.parametrize(
    "text",
    [
        b"AWS4-HMAC-SHA256",
        b"AWS4-HMAC-SHA256\n1\n20260101/r/ec2/aws4_request\nh",
        b"AWS4-HMAC-SHA256\n1\n20260101/r/s3\nh",
        b"AWS4-NONE\n1\n20260101/r/s3/aws4_request\nh",
    ],
)
def test_s3_refuses_scopes_of_others(text: bytes) -> None:
    token = base64.urlsafe_b64encode(text).decode()
    with pytest.raises(InvalidSignature):
        aws_signature.check_s3(token, "x", SECRET)
    with pytest.raises(InvalidSignature):
        aws_signature.check_s3("$$$", "x", SECRET)
