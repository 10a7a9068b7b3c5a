"""Requests of many addresses on few threads: none waits for all of another's."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from stratolith.kernel.http.streaming import in_thread
from stratolith.kernel.http.turns import Turns
from stratolith.kernel.http.wire import WIRE


def scope(address: str, *, gone: bool = False) -> dict[str, Any]:
    wire = SimpleNamespace(cycle=SimpleNamespace(disconnected=gone))
    return {"client": (address, 4711), "extensions": {WIRE: wire}}


def served(*requests: dict[str, Any]) -> list[str]:
    """The addresses of the requests in the order in which one thread works on them."""
    done: list[str] = []

    async def all_of_them() -> None:
        turns, hold = Turns(1), threading.Event()
        first = asyncio.create_task(turns.run(scope("9.9.9.9"), hold.wait))
        await asyncio.sleep(0)
        waiting = [
            asyncio.create_task(turns.run(one, done.append, one["client"][0])) for one in requests
        ]
        await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(first, *waiting, return_exceptions=True)
        await turns.run(scope("8.8.8.8"), done.append, "free again")
        turns.shutdown(wait=True)

    asyncio.run(all_of_them())
    assert done.pop() == "free again"
    return done


def test_addresses_take_turns() -> None:
    flood = [scope("1.1.1.1")] * 5
    order = served(*flood, scope("2.2.2.2"), scope("3.3.3.3"), scope("2.2.2.2"))
    assert order[:4] == ["1.1.1.1", "2.2.2.2", "3.3.3.3", "1.1.1.1"]
    assert sorted(order) == ["1.1.1.1"] * 5 + ["2.2.2.2"] * 2 + ["3.3.3.3"]


def test_nothing_is_done_for_a_client_that_is_gone() -> None:
    assert served(scope("1.1.1.1", gone=True), scope("2.2.2.2")) == ["2.2.2.2"]


def test_whoever_gives_up_waiting_takes_no_turn() -> None:
    async def cancelled() -> None:
        turns, hold = Turns(1), threading.Event()
        first = asyncio.create_task(turns.run(scope("9.9.9.9"), hold.wait))
        await asyncio.sleep(0)
        second = asyncio.create_task(turns.run(scope("1.1.1.1"), hold.wait))
        await asyncio.sleep(0)
        second.cancel()
        hold.set()
        await first
        await turns.run(scope("2.2.2.2"), hold.wait)
        with pytest.raises(asyncio.CancelledError):
            await second
        with pytest.raises(ClientDisconnect):
            hold.clear()
            third = asyncio.create_task(turns.run(scope("9.9.9.9"), hold.wait))
            await asyncio.sleep(0)
            gone = asyncio.create_task(turns.run(scope("1.1.1.1", gone=True), hold.wait))
            await asyncio.sleep(0)
            hold.set()
            await third
            await gone
        turns.shutdown(wait=True)

    asyncio.run(cancelled())


@pytest.mark.timeout(20)
def test_an_exhausted_iterator_is_an_error_and_no_endless_wait() -> None:
    async def asked() -> None:
        turns = Turns(1)
        try:
            with pytest.raises(RuntimeError, match="no item left"):
                await turns.run(scope("1.1.1.1"), next, iter([]))
            with pytest.raises(RuntimeError, match="no item left"):
                await in_thread(next, iter([]))
        finally:
            turns.shutdown(wait=True)

    asyncio.run(asked())
