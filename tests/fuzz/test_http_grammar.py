"""Where a request ends: what two programs could read in two ways is refused, never guessed.

Each case is sent as it stands, followed by a request for /marker; the server must not find a
request inside what was the body of another. Source of the rules: RFC 9112, RFC 9110.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http_server import served
from tests.testcloud import TestCloud

FINE = 200
REFUSED = (400, 501, 505)
LAST = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCloud]:
    found = TestCloud(Path(tmp_path_factory.mktemp("grammar")) / "cloud")
    yield found
    found.close()


@pytest.fixture(scope="module")
def port(cloud: TestCloud) -> Iterator[int]:
    with served(cloud) as found:
        yield found


def talk(port: int, *pieces: bytes) -> list[int]:
    """The status of every answer until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                connection.sendall(piece)
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            pass
    return statuses(received)


def statuses(received: bytes) -> list[int]:
    """Walks through the answers by their lengths, so that no body is taken for an answer."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        status = int(lines[0].split()[1])
        if status != 100:
            found.append(status)
        fields = dict(line.lower().split(b": ", 1) for line in lines[1:])
        received = rest[int(fields.get(b"content-length", 0)) :] if status != 100 else rest
    return found


def head(*fields: bytes, line: bytes = b"GET /identity/v3 HTTP/1.1", host: bool = True) -> bytes:
    first = [line, b"Host: a"] if host else [line]
    return b"\r\n".join([*first, *fields, b"", b""])


POST = b"POST /identity/v3/auth/tokens HTTP/1.1"
INNER = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\n\r\n"
AMBIGUOUS = {
    "both lengths": head(b"Content-Length: 4", b"Transfer-Encoding: chunked", line=POST),
    "both, other order": head(b"Transfer-Encoding: chunked", b"Content-Length: 4", line=POST),
    "two lengths": head(b"Content-Length: 4", b"Content-Length: 5", line=POST),
    "two equal lengths": head(b"Content-Length: 4", b"Content-Length: 4", line=POST),
    "list of lengths": head(b"Content-Length: 4, 4", line=POST),
    "length with sign": head(b"Content-Length: +4", line=POST),
    "negative length": head(b"Content-Length: -4", line=POST),
    "hexadecimal length": head(b"Content-Length: 0x4", line=POST),
    "length with underscore": head(b"Content-Length: 1_0", line=POST),
    "length with space inside": head(b"Content-Length: 1 0", line=POST),
    "empty length": head(b"Content-Length:", line=POST),
    "huge length": head(b"Content-Length: 18446744073709551620", line=POST),
    "space before colon": head(b"Content-Length : 4", line=POST),
    "tab before colon": head(b"Transfer-Encoding\t: chunked", line=POST),
    "folded field": head(b"X-A: 1\r\n Content-Length: 4", line=POST),
    "field folded at once": head(b" X-A: 1", line=POST),
    "no colon": head(b"X-A", line=POST),
    "no field name": head(b": 1", line=POST),
    "bare carriage return": head(b"X-A: 1\rContent-Length: 4", line=POST),
    "bare line feed in value": head(b"X-A: 1\nContent-Length: 4", line=POST),
    "null in value": head(b"X-A: a\x00b", line=POST),
    "null in name": head(b"X-\x00A: b", line=POST),
    "coding that is not known": head(b"Transfer-Encoding: gzip, chunked", line=POST),
    "coding that hides": head(b"Transfer-Encoding: xchunked", line=POST),
    "coding and then another": head(b"Transfer-Encoding: chunked, identity", line=POST),
    "chunked twice": head(b"Transfer-Encoding: chunked, chunked", line=POST),
    "two codings": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", line=POST),
    "quoted coding": head(b'Transfer-Encoding: "chunked"', line=POST),
    "coding with control sign": head(b"Transfer-Encoding: \x0bchunked", line=POST),
    "coding in HTTP/1.0": head(b"Transfer-Encoding: chunked", line=POST.replace(b"1.1", b"1.0")),
    "no host": head(line=POST, host=False),
    "two hosts": head(b"Host: b", line=POST),
    "host that is no host": head(b"Host: a/b?c", line=POST, host=False),
    "host with user": head(b"Host: a@b", line=POST, host=False),
    **{
        f"host {value!r}": head(b"Host: " + value, line=POST, host=False)
        for value in (
            b"[::1",
            b"[",
            b"[]",
            b"[::1]]",
            b"[x",
            b"[::g]",
            b"a]",
            b"[1.2.3.4]",
            b"[::1]x",
            b":99999999",
            b"a:-1",
            b"[::1]:x",
            b"a:80:90",
            b"::1",
            b"a b",
            b"[fe80::1%25eth0]",
            b"a,b",
            b"a:65536",
        )
    },
    "asterisk": head(line=b"GET * HTTP/1.1"),
    "version of HTTP/2": head(line=POST.replace(b"1.1", b"2.0")),
    "another version": head(line=POST.replace(b"1.1", b"1.2")),
    "old version": b"GET /identity/v3\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "lower case protocol": head(line=POST.replace(b"HTTP", b"http")),
    "space in address": head(line=b"GET /identity/v3 x HTTP/1.1"),
    "tunnel": head(line=b"CONNECT a:80 HTTP/1.1"),
    "unknown method": head(line=b"GETX /identity/v3 HTTP/1.1"),
    "lower case method": head(line=b"get /identity/v3 HTTP/1.1"),
    "not ASCII": head(line=b"GET /identity/\xff HTTP/1.1"),
    "control sign in address": head(line=b"GET /identity/\x01 HTTP/1.1"),
}


@pytest.mark.parametrize("request_", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_has_no_certain_end_is_refused(request_: bytes, port: int) -> None:
    found = talk(port, request_ + b"0\r\n\r\n" + INNER)
    assert len(found) == 1, f"a second request was found: {found}"
    assert found[0] in REFUSED


CHUNKS = {
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "size that is no number": b"xyz\r\n{}\r\n0\r\n\r\n",
    "negative size": b"-2\r\n{}\r\n0\r\n\r\n",
    "size with prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "size with space": b"2 \r\n{}\r\n0\r\n\r\n",
    "space before size": b" 2\r\n{}\r\n0\r\n\r\n",
    "size above 64 bit": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "longer than said": b"2\r\n{} \r\n0\r\n\r\n",
    "line feed only": b"2\n{}\n0\n\n",
    "line feed after the size": b"2\n{}\r\n0\r\n\r\n",
    "line feed after the data": b"2\r\n{}\n0\r\n\r\n",
    "line feed in extension": b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "carriage return in extension": b"2;a\rb\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS.keys())
def test_chunks_that_are_not_chunks_are_refused(chunks: bytes, port: int) -> None:
    found = talk(port, head(b"Transfer-Encoding: chunked", line=POST) + chunks + INNER)
    assert len(found) == 1, f"a second request was found: {found}"
    assert found[0] in (*REFUSED, 415)


VALID = {
    "plain": head(),
    "whole address": head(line=b"GET http://a/identity/v3 HTTP/1.1"),
    "host with port": head(b"Host: [::1]:80", host=False),
    "blank line first": b"\r\n" + head(),
    "name in capitals": head(b"CONTENT-LENGTH: 0"),
    "coding in capitals": head(b"TRANSFER-ENCODING: Chunked") + b"0\r\n\r\n",
    "trailer fields": head(b"Transfer-Encoding: chunked") + b"0\r\nX-Auth-Token: a\r\n\r\n",
    "chunk extension": head(b"Transfer-Encoding: chunked") + b"2;a=b\r\n{}\r\n0\r\n\r\n",
    "body of a GET": head(b"Content-Length: 40") + INNER + b"12",
    "zeros before the length": head(b"Content-Length: 0002") + b"{}",
    "to a web socket": head(b"Connection: Upgrade", b"Upgrade: websocket"),
    "to HTTP/2": head(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: "),
    "to HTTP/2, with a body": head(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 40")
    + INNER + b"12",
}  # fmt: skip


@pytest.mark.parametrize("request_", VALID.values(), ids=VALID.keys())
def test_what_follows_a_valid_request_is_the_next_one(request_: bytes, port: int) -> None:
    assert talk(port, request_ + LAST) == [FINE, FINE]
    assert talk(port, *(request_[n : n + 1] for n in range(len(request_))), LAST) == [FINE, FINE]


@pytest.mark.parametrize("path", ["/identity/v3", "/compute/", "/networking/", "/image/v2"])
def test_who_ends_its_side_still_gets_the_answer(path: str, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head(line=f"GET {path} HTTP/1.1".encode()) * 3)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert len(statuses(received)) == 3


def test_nobody_is_invited_to_send_too_much(port: int) -> None:
    fields = [b"Content-Length: 5000000000", b"Expect: 100-continue"]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head(*fields, line=POST))
        received = connection.recv(65536)
    assert received.startswith(b"HTTP/1.1 413 ")


def test_old_clients_get_no_interim_answer(port: int) -> None:
    fields = [b"Content-Length: 2", b"Expect: 100-continue"]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head(*fields, line=POST.replace(b"1.1", b"1.0")) + b"{}")
        assert not connection.recv(65536).startswith(b"HTTP/1.1 100 ")


def test_an_error_does_not_answer_for_the_request_before_it(port: int) -> None:
    assert talk(port, head() + b"NONSENSE\r\n\r\n") in ([FINE], [FINE, 400], [FINE, 501])
    assert talk(port, head() + head(b"Content-Length: x") + INNER)[:1] == [FINE]


@pytest.mark.parametrize("size", [1, 10, 5000])
@pytest.mark.parametrize("apart", [False, True])
def test_an_upload_takes_its_own_bytes_and_no_more(
    size: int, apart: bool, cloud: TestCloud, port: int
) -> None:
    """A large body goes past the parser: the request behind it must still be found whole."""
    demo = cloud.client("demo")
    form = {"name": "x", "disk_format": "raw", "container_format": "bare"}
    image = demo.post("image", "/images", json=form).json()["id"]
    token = b"X-Auth-Token: " + demo.token.encode()
    put = head(
        token,
        b"Content-Type: application/octet-stream",
        b"Content-Length: %d" % size,
        line=f"PUT /image/v2/images/{image}/file HTTP/1.1".encode(),
    )
    behind = head(token, line=f"GET /image/v2/images/{image} HTTP/1.1".encode())
    pieces = [put, b"a" * size, behind, LAST] if apart else [put + b"a" * size + behind + LAST]
    assert talk(port, *pieces) == [204, FINE, FINE]
    shown = demo.get("image", f"/images/{image}").json()
    assert (shown["status"], shown["size"]) == ("active", size)
