"""Undo of unfinished work: steps register undo functions, which run in reverse order.

    with Revert() as revert:
        directory.mkdir()
        revert.add("remove the directory", shutil.rmtree, directory)
        make_disks(directory)          # raises: the directory is removed again

Without an exception nothing is undone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec

LOG = logging.getLogger(__name__)
P = ParamSpec("P")


class Revert:
    """A stack of undo steps that runs only when the block ends by an exception.

    The exception is always re-raised unchanged. A failed undo step is logged and the remaining
    steps still run.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, Callable[[], object]]] = []

    def add(
        self, what: str, undo: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Register how to undo a step; ``what`` names it in the log."""
        self._steps.append((what, lambda: undo(*args, **kwargs)))

    def keep(self) -> None:
        """Make all steps so far final, even if a later step fails."""
        self._steps.clear()

    def __enter__(self) -> Revert:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            return
        while self._steps:
            what, undo = self._steps.pop()
            try:
                undo()
            except Exception:
                LOG.exception("could not %s after: %s", what, error)
