"""A cloud whose database an earlier program made is the same cloud with this one.

``recorded/``: a folder for each release (and for the last state before the first one), written by
``tools/record_database.py`` with that release's own program and never changed afterwards.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud
from tests.testcloud.databases import VARIABLE
from tests.testcloud.postgresql import Cluster

from ..estate import look
from .databases import picture, put_back_postgresql, put_back_sqlite

HERE = Path(__file__).parent
RECORDED = sorted(folder for folder in (HERE / "recorded").iterdir() if folder.is_dir())
BASELINE = "unreleased-0015"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as found:
        yield found


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda folder: folder.name)
def test_on_sqlite(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "sqlite")
    put_back_sqlite(recorded / "sqlite.sql", tmp_path / "old")
    require_same(
        TestCloud(tmp_path / "old", fresh=True),
        TestCloud(tmp_path / "new", fresh=True),
        json.loads((recorded / "sqlite.json").read_text()),
    )


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda folder: folder.name)
def test_on_postgresql(recorded: Path, tmp_path: Path, cluster: Cluster) -> None:
    urls = [cluster.create(f"{name}_{recorded.name}") for name in ("old", "new")]
    put_back_postgresql(recorded / "postgresql.sql", urls[0])
    require_same(
        TestCloud(tmp_path / "old", fresh=True, database={"url": urls[0]}),
        TestCloud(tmp_path / "new", fresh=True, database={"url": urls[1]}),
        json.loads((recorded / "postgresql.json").read_text()),
    )


def require_same(old: TestCloud, new: TestCloud, recorded: dict[str, Any]) -> None:
    """``old`` has the schema of ``new``, and answers what was recorded, perhaps with more keys."""
    try:
        assert picture(old.env.db) == picture(new.env.db)
        found = look(old.client("demo"), recorded["ids"])
        for name, answer in recorded["look"].items():
            require_within(answer, found[name], name)
    finally:
        old.close()
        new.close()


def require_within(recorded: Any, found: Any, where: str) -> None:
    if isinstance(recorded, dict) and isinstance(found, dict):
        for key, value in recorded.items():
            assert key in found, f"{where}.{key} is gone"
            require_within(value, found[key], f"{where}.{key}")
    elif isinstance(recorded, list) and isinstance(found, list):
        assert len(found) == len(recorded), where
        for number, value in enumerate(recorded):
            require_within(value, found[number], f"{where}.{number}")
    else:
        assert found == recorded, where


def test_every_release_is_recorded() -> None:
    command = ["git", "tag", "--list", "v*"]
    tags = subprocess.run(command, cwd=HERE, capture_output=True, text=True).stdout.split()
    assert {BASELINE, *tags} <= {folder.name for folder in RECORDED}
