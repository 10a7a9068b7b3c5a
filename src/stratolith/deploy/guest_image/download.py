"""Downloads an image file by HTTP: resumable, verified, stored atomically."""

import hashlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from .errors import GuestImageError

_ATTEMPTS = 4

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in total (None: unknown)


class DownloadError(GuestImageError):
    """A file could not be fetched; the message says from where and why."""


@dataclass(frozen=True)
class _Paths:
    part: Path  # what has arrived
    note: Path  # validator of the file it is a part of

    def clear(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def arrived(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def download(
    url: str,
    dest: Path,
    sha256: str | None,
    progress: Progress,
    connect_timeout: float = 10.0,
) -> Path:
    """Fetch `url` to `dest` and return `dest`, which appears whole or not at all.

    What arrived before an interruption stays beside it (`.part`) and is continued by a Range
    request, now or in a later call. With `sha256` (hex) the content is checked, and a file that
    is already there with this checksum is kept. `connect_timeout` (seconds) covers name
    resolution too. Raises DownloadError.
    """
    if sha256 is not None and dest.is_file() and digest(dest) == sha256:
        return dest
    _require_reachable(url, connect_timeout)
    paths = _Paths(dest.with_name(dest.name + ".part"), dest.with_name(dest.name + ".part.json"))
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        _fetch_all(url, paths, progress, connect_timeout)
        checksum = digest(paths.part)
        if sha256 is not None and checksum != sha256:
            paths.clear()
            raise DownloadError(f"{url}: checksum is {checksum}, expected {sha256}")
        paths.part.replace(dest)
        paths.note.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(f"cannot store {url} at {dest}: {error}") from error
    return dest


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_all(url: str, paths: _Paths, progress: Progress, connect_timeout: float) -> None:
    """Retry after each interruption, as long as each attempt makes progress."""
    timeout = httpx.Timeout(30.0, connect=connect_timeout)
    failures = 0
    with httpx.Client(timeout=timeout, follow_redirects=True) as client:
        while True:
            before = paths.arrived()
            try:
                _fetch(client, url, paths, progress)
                return
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                failures = failures + 1 if paths.arrived() <= before else 1
                if failures >= _ATTEMPTS or not isinstance(error, httpx.TransportError):
                    reason = str(error) or type(error).__name__
                    raise DownloadError(
                        f"{url}: {reason} ({paths.arrived()} bytes arrived and are kept)"
                    ) from error


def _fetch(client: httpx.Client, url: str, paths: _Paths, progress: Progress) -> None:
    """One request: from the start, or the rest when the server still has the same file."""
    offset, headers = _resume(paths)
    # Length and ranges of a compressed answer would be those of the compressed data.
    with client.stream("GET", url, headers={"Accept-Encoding": "identity", **headers}) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            paths.clear()
            raise httpx.ReadError("the part on disk is longer than the file; starting over")
        if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise DownloadError(f"{url}: the server answers {answer.status_code}")
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed and not answer.headers.get("content-range", "").startswith(f"bytes {offset}-"):
            paths.clear()
            raise httpx.ReadError("the server sent another range than asked; starting over")
        have = offset if resumed else 0
        length = answer.headers.get("content-length", "")
        total = have + int(length) if length.isdigit() else None
        paths.note.write_text(json.dumps({"url": url, "validator": _validator(answer)}))
        with paths.part.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_raw():  # no chunk size: it would delay the last bytes
                file.write(chunk)
                file.flush()
                have += len(chunk)
                progress(have, total)
    if have == 0:
        raise DownloadError(f"{url}: the file is empty")


def _resume(paths: _Paths) -> tuple[int, dict[str, str]]:
    """(offset to continue at, headers that make sure it is still the same file)."""
    try:
        validator = json.loads(paths.note.read_text())["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0, {}
    offset = paths.arrived()
    if not offset or not isinstance(validator, str) or not validator:
        return 0, {}
    return offset, {"Range": f"bytes={offset}-", "If-Range": validator}


def _validator(answer: httpx.Response) -> str:
    etag: str = answer.headers.get("etag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return str(answer.headers.get("last-modified", ""))


def _require_reachable(url: str, seconds: float) -> None:
    """Fail within `seconds` when the server (or the proxy before it) cannot be connected to.

    In a thread, because a resolver without network may block far longer than any socket timeout.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DownloadError(f"{url} is not an http or https URL")
    via = getproxies().get(parts.scheme)
    target = parts if via is None or proxy_bypass(parts.hostname) else urlsplit(via)
    try:
        port = target.port or (443 if target.scheme == "https" else 80)
    except ValueError as error:
        raise DownloadError(f"{url}: {error}") from None
    outcome: list[str] = []

    def connect() -> None:
        try:
            socket.create_connection((target.hostname or "", port), timeout=seconds).close()
            outcome.append("")
        except OSError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=connect, name="download-connect", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome or outcome[0]:
        reason = outcome[0] if outcome else f"no connection within {seconds:g} s"
        raise DownloadError(f"cannot reach {target.hostname}: {reason}")
