"""One record is one line, whatever text of a client is in it."""

from __future__ import annotations

import io
import json
import logging
import shutil
import time
from pathlib import Path

import pytest

from stratolith.kernel.logging import (
    FORMAT,
    REQUESTS,
    _Json,
    _LogFile,
    _Plain,
    _RequestId,
    printable,
)

FORGED = "/v3/x\n2026-01-01 00:00:00.000 INFO stratolith.access [-] identity /v3 GET 200 0.1"
SIGNS = ["\n", "\r", "\x1b[2J", "\x00", "\x85", "\u2028", "\u2029", "\u202e", "\x7f", "\ud800"]


@pytest.fixture
def written() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Plain(FORMAT, "%Y"))
    handler.addFilter(_RequestId())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger, stream


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_no_sign_ends_a_line(sign: str, written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    logger.info("GET %s 404", f"/a{sign}b", extra={"request_id": f"req{sign}x"})
    text = stream.getvalue()
    assert text.splitlines() == [text.rstrip("\n")]
    assert sign not in text.rstrip("\n")


def test_a_record_cannot_be_forged(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    try:
        raise ValueError(FORGED)
    except ValueError:
        logger.exception("%s", FORGED)
    lines = stream.getvalue().splitlines()
    assert [line for line in lines if not line.startswith("    ")] == lines[:1]


def test_a_json_record_is_one_line() -> None:
    record = logging.LogRecord("a", logging.INFO, "f", 1, "%s", (FORGED,), None)
    assert json.loads(_Json().format(record))["message"] == FORGED
    assert len(_Json().format(record).splitlines()) == 1


def test_printable_text_stays_as_it_is() -> None:
    assert printable("Prüfung 服务器 a\\b") == "Prüfung 服务器 a\\b"


def test_a_file_that_was_removed_or_renamed_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "log" / "server.log"
    path.parent.mkdir()
    handler = _LogFile(path)
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.info("first")
    path.rename(tmp_path / "older")
    logger.info("second")
    assert path.read_text() == "second\n"
    shutil.rmtree(path.parent)
    logger.info("third")
    assert path.read_text() == "third\n"
    assert (tmp_path / "older").read_text() == "first\n"
    handler.close()


def test_a_full_file_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    logger = logging.Logger("test")
    handler = _LogFile(path, maxBytes=20, backupCount=2)
    logger.addHandler(handler)
    for number in range(9):
        logger.info("line number %d", number)
    handler.close()
    kept = [file.read_text().split() for file in sorted(tmp_path.iterdir())]
    assert [words[2::3] for words in kept] == [["8"], ["6", "7"], ["4", "5"]]


def test_lines_of_requests_are_written_soon_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    handler = _LogFile(path)
    requests, others = logging.Logger(REQUESTS), logging.Logger("others")
    for logger in (requests, others):
        logger.addHandler(handler)
    requests.info("first")
    assert path.read_text() == ""
    others.info("second")
    assert path.read_text() == "first\nsecond\n"
    requests.info("third")
    end = time.monotonic() + 10
    while not path.read_text().endswith("third\n"):
        assert time.monotonic() < end
        time.sleep(0.01)
    requests.info("fourth")
    handler.close()
    assert path.read_text() == "first\nsecond\nthird\nfourth\n"


def test_lines_of_requests_make_room_too(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    handler = _LogFile(path, maxBytes=20, backupCount=2)
    logger, marks = logging.Logger(REQUESTS), logging.Logger("others")
    for one in (logger, marks):
        one.addHandler(handler)
    for number in range(4):
        logger.info("line number %d", number)
        logger.info("line number %d", number)
        marks.info("-")
    handler.close()
    assert len(list(tmp_path.iterdir())) == 3
    assert "line number 3" in (tmp_path / "server.log.1").read_text()
