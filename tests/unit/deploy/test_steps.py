"""Steps: done work is skipped, long work is never silent."""

from __future__ import annotations

import time

import pytest

from stratolith.deploy import steps
from stratolith.deploy.steps import Report, Step


def test_only_what_is_not_done_runs_in_order_and_is_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done: list[str] = []

    def step(name: str) -> Step:
        def run() -> str:
            done.append(name)
            return f"{name} remark"

        return Step(name, lambda: name in done, run)

    work = [step("first"), step("second")]
    done.append("first")
    assert steps.run(work, Report()) == 1
    assert done == ["first", "second"]
    said = capsys.readouterr().err
    assert "second: second remark" in said
    assert "first" not in said
    assert steps.run(work, Report(verbose=True)) == 0
    assert "first: nothing to do" in capsys.readouterr().err


def test_a_long_step_ticks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "TICK_SECONDS", 0.1)
    with Report().ticking("Building"):
        time.sleep(1.2)
    assert "... Building" in capsys.readouterr().err


def test_a_short_step_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    with Report().ticking("Building"):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""
