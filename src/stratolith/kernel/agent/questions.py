"""Answers questions that a caller of the control plane waits for (kernel/hosts/questions.py)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from stratolith.kernel.agent.host import Room

LOG = logging.getLogger(__name__)
Answer = Callable[[dict[str, Any]], dict[str, Any]]


class QuestionRoom(Room):
    """The view "questions": question id -> {"kind", "params"}.

    ``rooms``: those that answer; a kind is "<view>.<name>", where ``name`` is one of the room's
    ``answers``.
    """

    view = "questions"
    interval = 60.0

    def __init__(self, rooms: Sequence[Room]) -> None:
        super().__init__()
        self._answers: Mapping[str, Answer] = {
            f"{room.view}.{name}": answer for room in rooms for name, answer in room.answers.items()
        }

    def sync(self, keys: list[str] | None) -> None:
        raw = self.host.transport.view(self.host.name, self.view, keys)
        questions: dict[str, dict[str, Any]] = msgspec.json.decode(raw)
        answers = {id_: self._answer(question) for id_, question in questions.items()}
        if answers:
            self.host.transport.report(self.host.name, self.view, answers)

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        kind = str(question.get("kind"))
        answer = self._answers.get(kind)
        if answer is None:
            return {"error": f"This host does not know the question {kind}."}
        try:
            return answer(question.get("params") or {})
        except Exception as error:  # the caller waits: it gets the reason instead of a time-out
            LOG.exception("the question %s failed", kind)
            return {"error": f"{type(error).__name__}: {error}"}
