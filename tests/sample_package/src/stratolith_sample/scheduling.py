"""A filter and a weigher."""

from __future__ import annotations

from stratolith.compute.scheduler.filters import Candidate, Request

MOST = 15


def few_processors(one: Candidate, request: Request) -> str | None:
    wanted = request.resources.get("VCPU", 0)
    return f"{one.host} takes no server of {wanted} processors" if wanted > MOST else None


def last_of_the_alphabet(one: Candidate, request: Request) -> float:
    return float(ord(one.host[0]))
