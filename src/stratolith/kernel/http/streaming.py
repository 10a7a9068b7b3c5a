"""Helpers for streaming routes: run blocking work in threads from an async handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

from starlette.types import Receive

from stratolith.kernel.concurrency import for_coroutine
from stratolith.kernel.context import Context
from stratolith.kernel.transaction import transact

T = TypeVar("T")


async def in_transaction(ctx: Context, work: Callable[[], T], *, write: bool) -> T:
    """Run ``work`` in a thread and in one transaction of ``ctx``."""
    return await in_thread(partial(transact, ctx.transaction, work, write=write))


async def disconnected(receive: Receive) -> None:
    """Returns when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def in_thread(work: Callable[..., T], *args: Any, pool: Executor | None = None) -> T:
    """Run blocking ``work`` (file input and output, hashing) in a thread."""
    return await asyncio.get_running_loop().run_in_executor(pool, for_coroutine(work), *args)
