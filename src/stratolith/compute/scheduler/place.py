"""Choosing hosts for the servers of one request: pure, given the candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stratolith.compute.scheduler.filters import (
    STATIC,
    Candidate,
    Filter,
    Request,
    dynamic,
    first_objection,
    unmet,
)
from stratolith.compute.scheduler.weighers import OWN, Weigher, soft_group, weigher
from stratolith.kernel import plugins

TOLD = 5  # objections named in a fault's details; the rest is counted


@dataclass(frozen=True)
class Refusal:
    """Why there is no host: ``message`` for the tenant, ``details`` for administrators."""

    message: str
    details: str


@dataclass(frozen=True)
class _Way:
    """How the hosts that fit are told apart, for all servers of a request."""

    filters: Sequence[tuple[str, Filter]]
    weigh: Weigher


def require_plugins() -> None:
    """Raises PluginError when a filter or a weigher of an installed package cannot be used."""
    dynamic()
    plugins.functions(plugins.WEIGHERS, OWN)


def place(
    candidates: Sequence[Candidate], request: Request, count: int, strategy: str
) -> list[Candidate | Refusal]:
    """A host for each of ``count`` servers, or the reason why there is none for it.

    ``taken`` of the candidates and ``group_hosts`` of the request grow with every choice.
    """
    objections: list[str] = []
    fitting: list[Candidate] = []
    for one in candidates:
        refused = first_objection(STATIC, one, request)
        if refused is None:
            fitting.append(one)
        else:
            objections.append(refused)
    way = _Way(dynamic(), weigher(strategy))
    return [_place_one(fitting, objections, request, way) for _ in range(count)]


def _place_one(
    fitting: Sequence[Candidate], objections: Sequence[str], request: Request, way: _Way
) -> Candidate | Refusal:
    best: Candidate | None = None
    best_weight = 0.0
    refusals = list(objections)
    for one in fitting:
        refused = first_objection(way.filters, one, request)
        if refused is not None:
            refusals.append(refused)
            continue
        weight = way.weigh(one, request) + soft_group(one, request)
        if best is None or weight > best_weight:
            best, best_weight = one, weight
    if best is None:
        return explain(request, refusals)
    for name, amount in request.resources.items():
        best.taken[name] = best.taken.get(name, 0) + amount
    best.servers += 1
    request.group_hosts[best.host] = request.group_hosts.get(best.host, 0) + 1
    return best


def explain(request: Request, refusals: Sequence[str]) -> Refusal:
    """The fault of a server that fits nowhere.

    A tenant reads nothing of hosts, only what of the request no host can give.
    """
    base = "No valid host was found."
    if not refusals:
        return Refusal(base, f"{base} There is no compute host yet.")
    told = ". ".join(refusals[:TOLD])
    more = f". And {len(refusals) - TOLD} more hosts" if len(refusals) > TOLD else ""
    names = {refusal.partition(":")[0] for refusal in refusals}
    because = unmet(request, names) or "There are not enough hosts for this request."
    return Refusal(f"{base} {because}", f"{base} {told}{more}.")
