"""The sweeps of the image service go on though a row cannot be read, and take no file of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from stratolith.image.models import Image, Task
from stratolith.image.store import files
from stratolith.kernel.ids import new_uuid
from tests.testcloud import Client, TestCloud

JUNK = ["junk", '[{"x": 1}]', "-1", b"\xff"]
NOBODY = "00000000-0000-4000-8000-000000000000"


def uploaded(client: Client, name: str) -> str:
    body = {"name": name, "disk_format": "raw", "container_format": "bare"}
    found: str = client.post("image", "/images", json=body).json()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    answer = client.put("image", f"/images/{found}/file", content=b"\0" * 4096, headers=headers)
    assert answer.status_code == 204
    return found


def data_of(cloud: TestCloud) -> dict[str, Path]:
    return {image_id: path for _, image_id, _, path in files.stored(cloud.env.settings)}


def leave_file_of_nobody(beside: Path) -> Path:
    found = beside.with_name(NOBODY)
    found.write_bytes(b"left")
    return found


def make_old(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            os.utime(path, (0, 0))


def spoil(cloud: TestCloud, table: str, column: str, row: str, value: Any) -> None:
    casted = "CAST(:value AS TEXT)" if isinstance(value, bytes) else ":value"
    with cloud.env.db.write() as session:
        session.execute(
            text(f'UPDATE {table} SET "{column}" = {casted} WHERE id = :row'),
            {"value": value, "row": row},
        )


@pytest.mark.parametrize("column", ["status", "stores", "upload_token", "properties", "size"])
def test_files_of_nobody_go_and_those_of_a_junk_row_stay(
    cloud: TestCloud, demo: Client, column: str
) -> None:
    if not cloud.env.db.is_sqlite:
        pytest.skip("its columns have types")
    good, bad = uploaded(demo, "good"), uploaded(demo, "bad")
    paths = data_of(cloud)
    assert {good, bad} <= set(paths)
    for value in JUNK:
        stray = leave_file_of_nobody(paths[good])
        make_old(stray.parent)
        spoil(cloud, "image_images", column, bad, value)
        cloud.settle()
        assert not stray.exists(), value
        assert paths[good].exists(), value
        if column != "stores" or value != "-1":
            assert paths[bad].exists(), value


@pytest.mark.parametrize("column", ["type", "owner", "input", "result", "updated_at", "expires_at"])
def test_a_dead_import_ends_beside_a_junk_one(cloud: TestCloud, demo: Client, column: str) -> None:
    if not cloud.env.db.is_sqlite:
        pytest.skip("its columns have types")
    ids = [new_uuid(), new_uuid()]
    image = uploaded(demo, "imported")
    with cloud.env.db.write() as session:
        for one in ids:
            task = Task(id=one, type="api_image_import", status="processing", owner="p")
            task.image_id, task.input = image, {"backend": []}
            session.add(task)
    old = "2020-01-01 00:00:00.000000"
    spoil(cloud, "image_tasks", "updated_at", ids[1], old)
    spoil(cloud, "image_tasks", column, ids[0], b"\xff")
    cloud.settle()
    with cloud.env.db.read() as session:
        found = session.get_one(Task, ids[1])
        assert found.status == "failure"


def test_every_table_is_named_as_here() -> None:
    assert (Image.__tablename__, Task.__tablename__) == ("image_images", "image_tasks")
