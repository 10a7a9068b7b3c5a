"""A client of the database protocol of Open vSwitch (RFC 7047): a local copy and transactions.

The copy contains only the tables and columns that were asked for, and is kept true by the server's
notifications. Values are normalized: a set is a ``frozenset`` (also of one element, which the
server sends bare), a map a ``dict``, a reference a ``Uuid``.
"""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from stratolith.network.drivers.base import NetworkDriverError

SECONDS = 20.0  # the longest wait for an answer
_CHUNK = 1 << 18
# Errors that a full disk or a busy server causes; all others are about the contents of a change.
_OF_THE_SERVER = {"I/O error", "resources exhausted", "timed out", "not owner", "not allowed"}
_PARTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}"]', re.DOTALL)

Row = dict[str, Any]
Rows = dict[str, Row]  # by uuid
Listener = Callable[[str, str, Row | None, Row | None], None]  # table, uuid, before, after


class OvsdbError(NetworkDriverError):
    """The database cannot be reached, or refuses a transaction."""


class Refused(OvsdbError):
    """The database refuses a transaction for what it contains: another one may succeed."""


class Uuid(str):
    """The uuid of a row, as a reference."""

    __slots__ = ()


class Named(str):
    """A row that the same transaction inserts, as a reference."""

    __slots__ = ()


def normalized(value: Any) -> Any:
    """A value of the wire or of a caller in the form of the copy."""
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list) and len(value) == 2 and value[0] == "map":
        return {_atom(key): _atom(item) for key, item in value[1]}
    if isinstance(value, list) and len(value) == 2 and value[0] == "set":
        return frozenset(_atom(item) for item in value[1])
    if isinstance(value, list) and len(value) == 2 and value[0] == "uuid":
        return frozenset((Uuid(value[1]),))
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(value)
    return frozenset((value,))


def _atom(value: Any) -> Any:
    return Uuid(value[1]) if isinstance(value, list) and value[0] == "uuid" else value


def wire(value: Any) -> Any:
    """A value as the protocol has it."""
    if isinstance(value, dict):
        return ["map", [[wire(key), wire(item)] for key, item in value.items()]]
    if isinstance(value, Uuid):
        return ["uuid", str(value)]
    if isinstance(value, Named):
        return ["named-uuid", str(value)]
    if isinstance(value, list | tuple | set | frozenset):
        return ["set", [wire(item) for item in value]]
    return value


class _Splitter:
    """Cuts the stream into JSON objects, which have nothing between them."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._seen = self._depth = 0

    def feed(self, data: bytes) -> list[bytes]:
        self._data += data
        documents: list[bytes] = []
        start, seen = 0, len(self._data)
        for match in _PARTS.finditer(self._data, self._seen):
            part = match[0]
            if part == b'"':  # a string whose end has not come yet
                seen = match.start()
                break
            if part == b"{":
                self._depth += 1
            elif part == b"}":
                self._depth -= 1
                if self._depth == 0:
                    documents.append(bytes(self._data[start : match.end()]))
                    start = match.end()
        self._seen = seen - start
        del self._data[:start]
        return documents


class Database:
    """A connection to one database of a server; one thread at a time may use it.

    ``tables``: table -> the columns of the copy.
    """

    def __init__(self, path: Path, name: str, tables: Mapping[str, Sequence[str]]) -> None:
        self.path, self.name = path, name
        self._columns = tables
        self.tables: dict[str, Rows] = {table: {} for table in tables}
        self.listeners: list[Listener] = []
        self.lock = threading.RLock()
        self._socket: socket.socket | None = None
        self._splitter = _Splitter()
        self._number = 0
        self._answers: dict[int, Any] = {}

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    def connect(self, seconds: float = SECONDS) -> None:
        """Connect and read the copy, unless it is there; raises ``OvsdbError``."""
        if self._socket is not None:
            return
        end = time.monotonic() + seconds
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            try:
                sock.connect(str(self.path))
                break
            except OSError as error:
                sock.close()
                if time.monotonic() >= end:
                    raise OvsdbError(f"cannot connect to {self.path}: {error}") from error
                time.sleep(0.02)
        sock.setblocking(False)
        self._socket, self._splitter = sock, _Splitter()
        self._answers = {}
        requests = {table: {"columns": list(columns)} for table, columns in self._columns.items()}
        for table, rows in self.tables.items():
            for uuid in list(rows):
                self._set(table, uuid, None)
        self._take(self._call("monitor", [self.name, self.name, requests]))

    def close(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def poll(self, seconds: float = 0.0) -> bool:
        """Apply the notifications that are there, or come within ``seconds``; whether any came.

        Raises ``OvsdbError`` when the connection ended.
        """
        sock = self._socket
        if sock is None:
            raise OvsdbError(f"there is no connection to {self.path}")
        any_came = False
        while select.select([sock], [], [], 0.0 if any_came else max(0.0, seconds))[0]:
            self._receive()
            any_came = True
        return any_came

    def transact(self, operations: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Do all operations or none; returns their results.

        Raises ``Refused`` for contents that cannot be, otherwise ``OvsdbError``.
        """
        results: list[Any] = self._call("transact", [self.name, *operations])
        for result in results:
            if isinstance(result, dict) and "error" in result:
                reason, detail = result["error"], result.get("details", "")
                kind = OvsdbError if reason in _OF_THE_SERVER else Refused
                raise kind(f"{self.name} refuses a change: {reason}: {detail}")
        return results

    def wait_for(self, reached: Callable[[], bool], seconds: float) -> bool:
        """Apply notifications until ``reached`` holds, at most for ``seconds``."""
        end = time.monotonic() + seconds
        while not reached():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.poll(min(left, 0.5))
        return True

    def rows(self, table: str) -> Iterable[tuple[str, Row]]:
        return self.tables[table].items()

    # -- the protocol ----------------------------------------------------------------------------

    def _call(self, method: str, params: list[Any]) -> Any:
        self._number += 1
        number = self._number
        self._send({"method": method, "params": params, "id": number})
        end = time.monotonic() + SECONDS
        while number not in self._answers:
            left = end - time.monotonic()
            if left <= 0:
                self.close()
                raise OvsdbError(f"{self.path} does not answer")
            self.poll(left)
        answer = self._answers.pop(number)
        if answer.get("error"):
            raise OvsdbError(f"{self.name} refuses a request: {answer['error']}")
        return answer["result"]

    def _send(self, message: Any) -> None:
        sock = self._socket
        if sock is None:
            raise OvsdbError(f"there is no connection to {self.path}")
        data = memoryview(msgspec.json.encode(message))
        try:
            while data:
                select.select([], [sock], [], SECONDS)
                data = data[sock.send(data) :]
        except OSError as error:
            self.close()
            raise OvsdbError(f"{self.path}: {error}") from error

    def _receive(self) -> None:
        sock = self._socket
        if sock is None:
            raise OvsdbError(f"there is no connection to {self.path}")
        try:
            data = sock.recv(_CHUNK)
        except OSError as error:
            self.close()
            raise OvsdbError(f"{self.path}: {error}") from error
        if not data:
            self.close()
            raise OvsdbError(f"{self.path} closed the connection")
        for document in self._splitter.feed(data):
            message = msgspec.json.decode(document)
            method = message.get("method")
            if method == "update":
                self._take(message["params"][1])
            elif method == "echo":
                self._send({"result": message["params"], "error": None, "id": message["id"]})
            elif method is None:
                self._answers[message["id"]] = message

    def _take(self, updates: Mapping[str, Mapping[str, Any]]) -> None:
        for table, rows in updates.items():
            for uuid, change in rows.items():
                new = change.get("new")
                after = None
                if new is not None:
                    after = {column: normalized(value) for column, value in new.items()}
                self._set(table, uuid, after)

    def _set(self, table: str, uuid: str, after: Row | None) -> None:
        rows = self.tables[table]
        before = rows.pop(uuid, None)
        if after is not None:
            rows[uuid] = after
        for listener in self.listeners:
            listener(table, uuid, before, after)


def one(value: Any, default: Any = None) -> Any:
    """The element of a column with at most one."""
    return next(iter(value), default) if isinstance(value, frozenset) else default


def of_row(uuid: str) -> list[Any]:
    """The condition that selects one row."""
    return [["_uuid", "==", ["uuid", uuid]]]
