"""A reconciler's keys are shared out among the servers of one database."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stratolith import server, services
from stratolith.kernel import config
from stratolith.kernel.concurrency import Supervisor
from stratolith.kernel.context import Context
from stratolith.kernel.db import schema
from stratolith.kernel.members.peers import Peers
from stratolith.kernel.reconcile import Controller, Reconciler, controller
from tests.api.kernel.toy import SERVICE

from .servers import until

KEYS = [f"key-{n}" for n in range(60)]


class Noted(Reconciler):
    """Notes which server looked at which key."""

    name = "toy.noted"
    interval = 0.2
    workers = 2
    shards = 6

    def __init__(self, who: str, seen: dict[str, set[str]]) -> None:
        self._who, self._seen = who, seen

    def keys(self, ctx: Context) -> list[str]:
        return KEYS

    def reconcile(self, ctx: Context, key: str) -> None:
        self._seen[self._who].add(key)


@contextmanager
def running(url: str, place: Path, who: str, seen: dict[str, set[str]]) -> Iterator[None]:
    overrides = {
        "cloud": {"state_dir": str(place), "run_dir": str(place / "run")},
        "database": {"url": url},
    }
    place.mkdir()
    env = server.make_environment(config.load({}, overrides=overrides), [SERVICE])
    schema.upgrade(env.db, services.migrations([]))  # the kernel's tables
    supervisor = Supervisor()
    peers = Peers(env.db, env.hints, who)
    peers.start(supervisor)
    one = Controller(env, SERVICE, Noted(who, seen), who)
    for name, body in one.threads():
        supervisor.start(name, body, one.stop)
    try:
        yield
    finally:
        supervisor.stop()
        peers.leave()
        env.db.dispose()


def test_servers_share_the_keys_and_take_over(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "LEASE_SECONDS", 3.0)
    seen: dict[str, set[str]] = defaultdict(set)
    with running(url, tmp_path / "a", "a", seen):
        until(lambda: seen["a"] == set(KEYS))
        with running(url, tmp_path / "b", "b", seen):

            def apart() -> bool:
                seen.clear()
                threading.Event().wait(1.0)  # some passes of both
                halves = [set(seen["a"]), set(seen["b"])]
                return all(halves) and not halves[0] & halves[1] and set.union(*halves) == set(KEYS)

            until(apart, 30)
        seen.clear()
        until(lambda: seen["a"] == set(KEYS), 15)
        assert not seen["b"]
