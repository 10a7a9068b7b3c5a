"""Undo of half-done work: steps register how to take them back, last done first undone.

    with Revert() as revert:
        directory.mkdir()
        revert.add("remove the directory", shutil.rmtree, directory)
        make_disks(directory)          # raises: the directory is removed again

Leaving the block without an error keeps everything.
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

    The exception always goes on unchanged. An undo step that fails is logged and the older
    ones still run: one that cannot be undone must not keep the rest from being undone.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, Callable[[], object]]] = []

    def add(
        self, what: str, undo: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Remember how to undo what was just done; ``what`` names it in the log."""
        self._steps.append((what, lambda: undo(*args, **kwargs)))

    def keep(self) -> None:
        """What is done so far is final, whatever happens later."""
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
