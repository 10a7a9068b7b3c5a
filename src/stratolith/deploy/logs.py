"""`logs`: print, filter and follow the logs of a cloud's processes."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.roster import BUILT_IN, packages

PROCESSES = ["server", "agent", "supervisor"]
PACKETS = "security-groups"  # the packets that logs of security groups ask for, only if named
CODE_NAMES = {line.name: line.folder for line in BUILT_IN}
ACCESS_LOGGER = "stratolith.access"  # "... [req-...] compute /v2.1/servers GET 200 0.01"
# The agent's constant polling of the server; shown only when one of these requests is asked for
# by its id.
OWN_POLLS = re.compile(r"stratolith\.access\b.* agent /v1/")
PAUSE_SECONDS = 0.25
# "2026-11-21 09:16:02.123 INFO stratolith.compute.api.servers [req-...] text"
LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*) (?:[A-Z]+ )?([\w.]+):? ")


@dataclass(frozen=True)
class Wanted:
    """Which lines to print: of a process or service, of one request, and how many at most."""

    service: str | None
    request_id: str | None
    lines: int

    @property
    def processes(self) -> list[str]:
        return [self.service] if self.service in (*PROCESSES, PACKETS) else PROCESSES

    def require_known(self) -> None:
        """Raises DeployError when no process and no service has this name."""
        known = sorted({*packages(), *CODE_NAMES, "kernel"})
        known = [*PROCESSES, PACKETS, *known]
        if self.service is not None and self.service not in known:
            raise DeployError(
                f"Nothing logs under the name '{self.service}'.", f"choose from {', '.join(known)}"
            )

    @property
    def package(self) -> str:
        """The package whose loggers are wanted; empty for all."""
        if self.service is None or self.service in (*PROCESSES, PACKETS):
            return ""
        return packages().get(self.folder, f"stratolith.{self.folder}")

    @property
    def folder(self) -> str:
        """The folder of the service, which the user may name by its code name."""
        name = (self.service or "").replace("-", "_")
        return CODE_NAMES.get(name, name)

    def fits(self, text: str) -> bool:
        if self.request_id:
            return self.request_id in text and (not self.package or self._is_of_service(text))
        if OWN_POLLS.search(text):
            return False
        return not self.package or self._is_of_service(text)

    def _is_of_service(self, text: str) -> bool:
        """Whether a module of the service logged the line, or it is a request to its API."""
        type_ = self.folder.replace("_", "-")
        return _logger(text).startswith(self.package) or (
            _logger(text) == ACCESS_LOGGER and f" {type_} /" in text
        )


def show(layout: Layout, wanted: Wanted, *, follow: bool) -> int:
    """Print the wanted lines, oldest first; with ``follow`` until interrupted.

    A log that nobody has written to yet is empty. Raises DeployError for an unknown name, and when
    the cloud has no logs at all.
    """
    wanted.require_known()
    paths = [layout.logs / f"{name}.log" for name in wanted.processes]
    if not any((layout.logs / f"{name}.log").exists() for name in (*PROCESSES, PACKETS)):
        raise DeployError(f"There are no logs in {layout.logs}.", "start the cloud: stratolith up")
    sizes = {path: path.stat().st_size if path.exists() else 0 for path in paths}
    recent = deque(
        (entry for entry in heapq.merge(*map(_entries, paths), key=_stamp) if wanted.fits(entry)),
        maxlen=max(wanted.lines, 0),
    )
    for entry in recent:
        print(entry)
    while follow:
        for path in paths:
            text, sizes[path] = _news(path, sizes[path])
            for entry in _joined(text.splitlines()):
                if wanted.fits(entry):
                    print(entry, flush=True)
        time.sleep(PAUSE_SECONDS)
    return 0


def _entries(path: Path) -> Iterator[str]:
    """Log entries of a file, the rotated part first; a traceback stays with its line."""
    for part in (path.with_name(path.name + ".1"), path):
        if part.exists():
            with part.open(errors="replace") as handle:
                yield from _joined(line.rstrip("\n") for line in handle)


def _joined(lines: Iterator[str] | list[str]) -> Iterator[str]:
    entry = ""
    for line in lines:
        if entry and not _stamp(line):
            entry += f"\n{line}"
        else:
            if entry:
                yield entry
            entry = line
    if entry:
        yield entry


def _stamp(entry: str) -> str:
    """The time at the start of an entry; empty for its further lines."""
    if entry.startswith('{"time":"'):
        return entry[9:28].replace("T", " ")
    match = LINE.match(entry)
    return match[1] if match else ""


def _logger(entry: str) -> str:
    if entry.startswith("{"):
        try:
            return str(json.loads(entry).get("logger", ""))
        except ValueError:
            return ""
    match = LINE.match(entry)
    return match[2] if match else ""


def _news(path: Path, seen: int) -> tuple[str, int]:
    """(new text, new position); a file that shrank was rotated and is read from its start."""
    try:
        size = path.stat().st_size
        if size == seen:
            return "", seen
        with path.open("rb") as handle:
            handle.seek(seen if size > seen else 0)
            content = handle.read()
            whole = content[: content.rfind(b"\n") + 1]  # an incomplete line is read next time
            return whole.decode(errors="replace"), handle.tell() - len(content) + len(whole)
    except FileNotFoundError:
        return "", 0
