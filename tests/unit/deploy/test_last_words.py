"""What `up` shows of a process that does not start."""

from __future__ import annotations

from pathlib import Path

from stratolith.deploy.layout import locate
from stratolith.deploy.supervision.running import tail
from stratolith.deploy.supervision.supervisor import START_MARK

WHY = "stratolith: The server cannot run: A newer release made the database."


def said(place: Path, *starts: str) -> str:
    layout = locate(str(place))
    layout.logs.mkdir(exist_ok=True)
    (layout.logs / "server.log").write_text("serving\n")
    text = "".join(f"{START_MARK}2026-01-01 00:00:0{n}\n{s}" for n, s in enumerate(starts))
    (layout.logs / "server.out").write_text(text)
    return tail(layout, "server").strip()


def test_the_reason_is_shown_also_while_the_next_start_is_silent(tmp_path: Path) -> None:
    assert said(tmp_path, f"{WHY}\n") == WHY
    assert said(tmp_path, f"{WHY}\n", f"{WHY}\n", "") == WHY


def test_a_reason_of_long_ago_is_not_shown(tmp_path: Path) -> None:
    assert said(tmp_path, f"{WHY}\n", "", "") == "serving"


def test_without_any_file_there_is_nothing_to_show(tmp_path: Path) -> None:
    assert tail(locate(str(tmp_path)), "server").strip() == "(nothing)"
