"""HTTP itself bent: paths, headers and bodies that no client sends, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testcloud import TestCloud

from ..http_server import served

LONG = "a" * 100_000
SERVICES = ["identity/v3", "image/v2", "networking/v2.0", "compute/v2.1", "placement"]
PLACES = {
    "identity/v3": "users",
    "image/v2": "images",
    "networking/v2.0": "networks",
    "compute/v2.1": "servers",
    "placement": "resource_providers",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("http")) / "cloud")
    yield found
    found.close()


@pytest.fixture(scope="module")
def port(cloud: TestCloud) -> Iterator[int]:
    """The cloud behind the HTTP server that ``stratolith server`` uses."""
    with served(cloud) as found:
        yield found


@pytest.fixture(scope="module")
def token(cloud: TestCloud) -> str:
    return cloud.client("admin").token


def talk(port: int, request: bytes, *, cut: bool = False) -> int:
    """The status of the answer to raw bytes; 0 when the server just hangs up.

    ``cut``: no more will come, whatever the request promised.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(request)
            if cut:
                connection.shutdown(socket.SHUT_WR)
            answer = connection.makefile("rb").readline()
        except ConnectionError:  # refused while still sending
            return 0
    return int(answer.split()[1]) if answer else 0


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    text = "\r\n".join([f"{line} HTTP/1.1", "Host: cloud.test", "Connection: close", *headers])
    return text.encode("latin-1") + b"\r\n\r\n" + body


def test_the_server_answers_at_all(port: int, token: str) -> None:
    for service, place in PLACES.items():
        line = f"GET /{service}/{place}"
        assert talk(port, request(line, f"X-Auth-Token: {token}")) == 200, service


TAILS = [
    "%2e%2e/%2e%2e/etc/passwd",
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%",
    "%zz",
    "%c0%af",
    "%ff%fe",
    "//",
    "/./",
    ";x=y",
    "?%00=%00",
    "?limit=%00",
    "?a=b&&&=&?",
    "?" + "a=b&" * 2000,
    "x" * 8000,
    "%f0%9f%92%a5",
    "%0d%0aX-Injected:%20yes",
    "#fragment",
    "*",
    "{id}",
    "None",
    "detail/%2e%2e",
]


@pytest.mark.parametrize("tail", TAILS, ids=lambda tail: tail[:24])
def test_strange_paths(tail: str, port: int, token: str) -> None:
    for service, place in PLACES.items():
        for method in ("GET", "DELETE", "HEAD", "OPTIONS", "PUT"):
            line = f"{method} /{service}/{place}/{tail}"
            status = talk(port, request(line, f"X-Auth-Token: {token}", "Content-Length: 0"))
            assert status < 500, f"{line[:200]}: {status}"
            assert method != "GET" or status != 200 or "passwd" not in tail, line


@pytest.mark.parametrize("path", ["/" + LONG, "/compute/v2.1/servers/" + LONG, "*", "", "http://x"])
def test_paths_that_lead_nowhere(path: str, port: int) -> None:
    assert talk(port, request(f"GET {path}")) < 500


HEADERS = [
    f"X-Auth-Token: {LONG}",
    "X-Auth-Token: \xff\xfe",
    "X-Auth-Token: \x01",
    "X-Auth-Token:",
    "X-Auth-Token: ' OR 1=1 --",
    "X-Auth-Token: gAAAAA",
    "X-Auth-Token: ../../etc/passwd",
    "X-Subject-Token: \xff",
    f"X-Big: {LONG}",
    "OpenStack-API-Version: compute",
    "OpenStack-API-Version: compute 2.1.1, compute latest, \xff",
    "OpenStack-API-Version: " + "x," * 2000,
    "X-OpenStack-Nova-API-Version: \xff",
    "Accept: \xff",
    "Accept: application/xml",
    "Content-Type: \xff",
    "Content-Type: application/json; charset=nonsense",
    "X-OpenStack-Request-Id: req-\xff",
    "X-Forwarded-Proto: javascript",
    "X-Forwarded-For: 169.254.169.254",
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Proto: https\xff",
    "X-Identity-Status: Confirmed",
    "X-Roles: admin",
    "X-User-Id: admin",
    "X-Service-Token: nonsense",
    "Range: bytes=9-1,x",
    "If-Match: revision_number=x",
    "Host: a\xffb",
    "Host: ",
    "Cookie: a=b",
    "Transfer-Encoding: gzip",
    "Expect: 100-continue",
    "Upgrade: websocket",
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: ascii(header[:40]))
def test_strange_headers(header: str, port: int, token: str) -> None:
    for service, place in PLACES.items():
        line = f"GET /{service}/{place}"
        assert talk(port, request(line, header)) < 500, f"{service}: without a token"
        assert talk(port, request(line, f"X-Auth-Token: {token}", header)) < 500, service


@pytest.mark.parametrize(
    "header",
    [
        "X-Identity-Status: Confirmed",
        "X-Roles: admin",
        "X-User-Id: admin",
        "X-Forwarded-For: 127.0.0.1",
        "X-Is-Admin-Project: True",
    ],
)
def test_no_header_stands_for_a_token(header: str, port: int) -> None:
    for service, place in PLACES.items():
        assert talk(port, request(f"GET /{service}/{place}", header)) == 401, service


BROKEN = [
    (["Content-Length: -1"], b""),
    (["Content-Length: x"], b""),
    (["Content-Length: 99999999999999999999"], b"{}"),
    (["Content-Length: 5", "Content-Length: 6"], b"{}"),
    (["Content-Length: 100"], b"{}"),
    (["Content-Length: 2", "Transfer-Encoding: chunked"], b"{}"),
    (["Transfer-Encoding: chunked"], b"zz\r\n{}\r\n0\r\n\r\n"),
    (["Transfer-Encoding: chunked"], b"2\r\n{}\r\n"),
]
WHOLE = [
    b"",
    b"{",
    b"\xff\xfe",
    b'"\\ud8"',
    b"1e99",
    b"NaN",
    b"null",
    b"[" * 200_000,
    b'{"a":1,}',
    b'{"a":1,"a":[]}',
    b"\x1f\x8b",
]


def posted(service: str, token: str, headers: list[str], body: bytes) -> bytes:
    common = [f"X-Auth-Token: {token}", "Content-Type: application/json", *headers]
    return request(f"POST /{service}/{PLACES[service]}", *common, body=body)


@pytest.mark.parametrize(("headers", "body"), BROKEN)
def test_bodies_that_are_not_as_promised(
    headers: list[str], body: bytes, port: int, token: str
) -> None:
    for service in PLACES:
        status = talk(port, posted(service, token, headers, body), cut=True)
        assert status == 0 or 400 <= status < 500, f"{service}: {status}"


@pytest.mark.parametrize("body", WHOLE, ids=lambda body: ascii(body[:20]))
def test_bodies_that_are_no_documents(body: bytes, port: int, token: str) -> None:
    for service in PLACES:
        length = [f"Content-Length: {len(body)}"]
        status = talk(port, posted(service, token, length, body))
        assert 400 <= status < 500, f"{service}: {status}"
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        status = talk(port, posted(service, token, ["Transfer-Encoding: chunked"], chunked))
        assert 400 <= status < 500, f"{service}, chunked: {status}"


def test_links_are_urls_whatever_the_host_says(port: int, token: str) -> None:
    """Links follow the address dialled; what is none is refused or stays inside its string."""
    plain = request("GET /compute/v2.1", f"X-Auth-Token: {token}")
    assert talk(port, plain.replace(b"cloud.test", b'x"><script>')) < 500
