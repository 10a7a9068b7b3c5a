"""Secrets at rest survive a rotation of their keys, wherever it is cut short."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from stratolith.identity.managers.token_keys import sealing
from stratolith.identity.managers.token_keys.keys import KeyRing
from stratolith.identity.models import Credential
from stratolith.kernel.environment import Environment
from tests.testcloud import Client, TestCloud

DAY = 86400


def grow_older(folder: Path, seconds: float) -> None:
    for path in folder.iterdir():
        stat = path.stat()
        os.utime(path, (stat.st_atime, stat.st_mtime - seconds))


@pytest.fixture
def admin(cloud: TestCloud) -> Client:
    return cloud.client("admin")


@pytest.fixture
def ring(cloud: TestCloud, admin: Client) -> KeyRing:
    """The ring of a cloud in which every kind of secret is kept."""
    for number in range(3):
        body = {"credential": {"user_id": "u", "type": "cert", "blob": f"secret {number}"}}
        assert admin.post("identity", "/credentials", json=body).status_code == 201
    body = {"consumer": {"description": "c"}}
    assert admin.post("identity", "/OS-OAUTH1/consumers", json=body).status_code == 201
    config = {"config": {"ldap": {"url": "ldap://x", "password": "hidden"}}}
    assert admin.put("identity", "/domains/default/config", json=config).status_code == 201
    return sealing.ring_of(cloud.env)


def secrets(admin: Client) -> list[str]:
    found: list[dict[str, Any]] = admin.get("identity", "/credentials?type=cert").json()[
        "credentials"
    ]
    return sorted(one["blob"] for one in found)


def sealed(env: Environment) -> list[str]:
    return [value for one in sealing.SEALED for _, value in sealing._values(env, one)]


EVERY = ["secret 0", "secret 1", "secret 2"]


def test_a_rotation_seals_everything_again_and_forgets_the_old_key(
    cloud: TestCloud, admin: Client, ring: KeyRing
) -> None:
    before = sealed(cloud.env)
    assert len(before) == 5
    grow_older(ring.folder, 91 * DAY)
    cloud.settle()
    assert ring.numbers() == [0, 1, 2], "the old key waits for transactions under way"
    assert all(ring.is_primary(value) for value in sealed(cloud.env))
    assert not set(before) & set(sealed(cloud.env))
    assert secrets(admin) == EVERY
    grow_older(ring.folder, sealing.GRACE_SECONDS + 1)
    cloud.settle()
    assert ring.numbers() == [0, 2]
    assert secrets(admin) == EVERY


def test_nothing_rotates_before_its_time_nor_when_told_never(
    cloud: TestCloud, ring: KeyRing
) -> None:
    grow_older(ring.folder, 89 * DAY)
    cloud.settle()
    assert ring.numbers() == [0, 1]


@pytest.mark.parametrize("step", ["renamed", "staged", "half sealed"])
def test_a_rotation_killed_on_the_way_loses_nothing(
    cloud: TestCloud, admin: Client, ring: KeyRing, step: str
) -> None:
    grow_older(ring.folder, 91 * DAY)
    if step == "renamed":  # the staged key is primary, no new one is staged
        os.replace(ring.folder / "0", ring.folder / "2")
    else:
        ring.rotate(keep=9)
    if step == "half sealed":
        with cloud.env.db.write() as session:
            first = session.query(Credential).first()
            assert first is not None
            raw = ring.decrypt(first.encrypted_blob)
            assert raw is not None
            first.encrypted_blob = ring.encrypt(raw, 0)
    sealing.RING.forget(cloud.env)  # the process started again
    assert secrets(admin) == EVERY
    cloud.settle()
    again = sealing.ring_of(cloud.env)
    assert all(again.is_primary(value) for value in sealed(cloud.env))
    grow_older(again.folder, sealing.GRACE_SECONDS + 1)
    cloud.settle()
    assert again.retired() == []
    assert secrets(admin) == EVERY


def test_an_old_key_is_kept_while_something_needs_it(
    cloud: TestCloud, admin: Client, ring: KeyRing
) -> None:
    ring.rotate(keep=9)
    grow_older(ring.folder, sealing.GRACE_SECONDS + 1)
    assert sealing.forget_old_keys(cloud.env) is False
    assert ring.numbers() == [0, 1, 2]
    assert secrets(admin) == EVERY


def test_another_process_seals_with_the_new_key_at_once(
    cloud: TestCloud, admin: Client, ring: KeyRing
) -> None:
    other = KeyRing(ring.folder)
    other.rotate(keep=9)
    body = {"credential": {"user_id": "u", "type": "cert", "blob": "later"}}
    assert admin.post("identity", "/credentials", json=body).status_code == 201
    newest = max(other.numbers())
    assert sum(other.is_primary(value) for value in sealed(cloud.env)) == 1
    assert newest == 2
    assert secrets(admin) == sorted([*EVERY, "later"])


@pytest.mark.parametrize("value", ["[1]", "é", '"x"', b"\xff"])
@pytest.mark.parametrize(
    "one", [sealing.SEALED[0], sealing.SEALED[-1]], ids=lambda one: one.model.__tablename__
)
def test_a_value_that_cannot_be_read_does_not_keep_the_old_key(
    cloud: TestCloud, admin: Client, ring: KeyRing, one: sealing.Sealed, value: str | bytes
) -> None:
    if not cloud.env.db.is_sqlite:
        pytest.skip("its columns have types")
    table = one.model.__tablename__
    casted = "CAST(:value AS TEXT)" if isinstance(value, bytes) else ":value"
    first = f"rowid IN (SELECT min(rowid) FROM {table})"
    with cloud.env.db.write() as session:
        session.execute(text(f"UPDATE {table} SET {one.column} = {casted} WHERE {first}"),
                        {"value": value})  # fmt: skip
    for seconds in (91 * DAY, sealing.GRACE_SECONDS + 1):
        grow_older(ring.folder, seconds)
        cloud.settle()
    readable = [value for value in sealed(cloud.env) if ring.decrypt(value) is not None]
    assert len(readable) >= 4
    assert all(ring.is_primary(value) for value in readable)
    assert ring.numbers() == [0, 2], "the old key went"
