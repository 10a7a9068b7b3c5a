"""Errors of the commands: expected problems, shown as text and never as a traceback."""

from __future__ import annotations


class DeployError(Exception):
    """Something expected stands in the way.

    ``problem`` says what, in one sentence; ``fix`` what the user can do about it.
    """

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.problem}\n  Fix: {self.fix}" if self.fix else self.problem
