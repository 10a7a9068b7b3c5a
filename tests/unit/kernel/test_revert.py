"""Undoing half-done work."""

from __future__ import annotations

import pytest

from stratolith.kernel.revert import Revert


def test_nothing_is_undone_when_all_goes_well() -> None:
    undone: list[int] = []
    with Revert() as revert:
        revert.add("undo one", undone.append, 1)
    assert undone == []


def test_steps_are_undone_last_first_and_the_error_goes_on() -> None:
    undone: list[int] = []
    with pytest.raises(ValueError, match="no more room"), Revert() as revert:
        revert.add("undo one", undone.append, 1)
        revert.add("undo two", undone.append, 2)
        raise ValueError("no more room")
    assert undone == [2, 1]


def test_a_failing_undo_keeps_no_other_from_running(caplog: pytest.LogCaptureFixture) -> None:
    undone: list[int] = []

    def fail() -> None:
        raise OSError("cannot")

    with pytest.raises(ValueError, match="first"), Revert() as revert:
        revert.add("undo one", undone.append, 1)
        revert.add("undo two", fail)
        revert.add("undo three", undone.append, 3)
        raise ValueError("first")
    assert undone == [3, 1]
    assert "could not undo two after: first" in caplog.text


def test_interrupts_undo_too() -> None:
    undone: list[int] = []
    with pytest.raises(KeyboardInterrupt), Revert() as revert:
        revert.add("undo one", undone.append, 1)
        raise KeyboardInterrupt
    assert undone == [1]


def test_kept_steps_stay_done() -> None:
    undone: list[int] = []
    with pytest.raises(ValueError), Revert() as revert:
        revert.add("undo one", undone.append, 1)
        revert.keep()
        revert.add("undo two", undone.append, 2)
        raise ValueError
    assert undone == [2]
