"""Choose hosts for the servers of one request; a pure function of the candidates."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from stratolith.compute.scheduler import port_demands
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
from stratolith.kernel.plugins import PluginError

LOG = logging.getLogger(__name__)
MAX_OBJECTIONS = 5  # listed in a fault's details; further ones are only counted
_BASE = "No valid host was found."


@dataclass(frozen=True)
class Refusal:
    """Why there is no host: ``message`` for the tenant, ``details`` for administrators."""

    message: str
    details: str


@dataclass(frozen=True)
class _Way:
    """The filters and the weigher for all servers of a request."""

    filters: Sequence[tuple[str, Filter]]
    weigh: Weigher


def require_plugins() -> None:
    """Raises PluginError if a filter or a weigher of an installed package cannot be used."""
    dynamic()
    plugins.functions(plugins.WEIGHERS, OWN)


def place(
    candidates: Sequence[Candidate], request: Request, count: int, strategy: str
) -> list[Candidate | Refusal]:
    """A host for each of ``count`` servers, or the reason why there is none.

    Each choice updates ``taken`` and ``granted`` of the candidate and ``group_hosts`` of the
    request.
    """
    objections: list[str] = []
    fitting: list[Candidate] = []
    for candidate in candidates:
        refused = first_objection(STATIC, candidate, request)
        if refused is None:
            fitting.append(candidate)
        else:
            objections.append(refused)
    way = _Way(dynamic(), weigher(strategy))
    return [_place_or_report(fitting, objections, request, way) for _ in range(count)]


def _place_or_report(
    fitting: Sequence[Candidate], objections: Sequence[str], request: Request, way: _Way
) -> Candidate | Refusal:
    """A host or the reason why there is none, which can be an error of a plug-in."""
    try:
        return _place_one(fitting, objections, request, way)
    except PluginError as error:
        LOG.error("A server gets no host: %s", error)
        return Refusal(f"{_BASE} The scheduler failed.", f"{_BASE} {error}")


def _place_one(
    fitting: Sequence[Candidate], objections: Sequence[str], request: Request, way: _Way
) -> Candidate | Refusal:
    best: Candidate | None = None
    best_weight = 0.0
    refusals = list(objections)
    for candidate in fitting:
        refused = first_objection(way.filters, candidate, request)
        if refused is not None:
            refusals.append(refused)
            continue
        weight = way.weigh(candidate, request) + soft_group(candidate, request)
        if best is None or weight > best_weight:
            best, best_weight = candidate, weight
    if best is None:
        return explain(request, refusals)
    for name, amount in request.resources.items():
        best.taken[name] = best.taken.get(name, 0) + amount
    if best.tree is not None:
        best.granted.append(port_demands.take(best.tree, request.port_demands))
    best.servers += 1
    request.group_hosts[best.host] = request.group_hosts.get(best.host, 0) + 1
    return best


def explain(request: Request, refusals: Sequence[str]) -> Refusal:
    """The fault of a server that fits on no host.

    The message for the tenant names no hosts, only the demand that no host can meet.
    """
    if not refusals:
        return Refusal(_BASE, f"{_BASE} There is no compute host yet.")
    objections = ". ".join(refusals[:MAX_OBJECTIONS])
    rest = (
        f". And {len(refusals) - MAX_OBJECTIONS} more hosts"
        if len(refusals) > MAX_OBJECTIONS
        else ""
    )
    names = {refusal.partition(":")[0] for refusal in refusals}
    reason = unmet(request, names) or "There are not enough hosts for this request."
    return Refusal(f"{_BASE} {reason}", f"{_BASE} {objections}{rest}.")
