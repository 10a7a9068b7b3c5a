"""GET /allocation_candidates: providers that can serve a request for resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.placement.api.freshness import at_least, fresh
from stratolith.placement.api.queries import parse_request
from stratolith.placement.managers import forest, resource_classes, search, traits
from stratolith.placement.managers.forest import Forest, Node
from stratolith.placement.managers.search import Candidate, Request


def list_candidates(ctx: Context) -> Response:
    request = parse_request(ctx)
    _check_names(ctx, request)
    loaded = forest.load(ctx)
    candidates = search.search(loaded, request, nested=at_least(ctx, 29))
    body = {
        "allocation_requests": _requests(ctx, candidates),
        "provider_summaries": _summaries(ctx, loaded, request, candidates),
    }
    return Response(body, headers=fresh(ctx))


def _check_names(ctx: Context, request: Request) -> None:
    names = {name for group in request.groups for name in group.resources}
    resource_classes.check(ctx, names, "resources parameter")
    wishes = [*(group.wishes for group in request.groups), request.root]
    wanted = [name for wish in wishes for any_of in wish.required for name in any_of]
    traits.check(ctx, [*wanted, *(name for wish in wishes for name in wish.forbidden)])


def _requests(ctx: Context, candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    if not at_least(ctx, 12):
        return [
            {
                "allocations": [
                    {"resource_provider": {"uuid": uuid}, "resources": resources}
                    for uuid, resources in candidate.allocations.items()
                ]
            }
            for candidate in candidates
        ]
    mapped = at_least(ctx, 34)
    requests: list[dict[str, Any]] = []
    for candidate in candidates:
        request: dict[str, Any] = {
            "allocations": {u: {"resources": r} for u, r in candidate.allocations.items()}
        }
        if mapped:
            request["mappings"] = candidate.mappings
        requests.append(request)
    return requests


def _summaries(
    ctx: Context, loaded: Forest, request: Request, candidates: Sequence[Candidate]
) -> dict[str, Any]:
    used = dict.fromkeys(uuid for candidate in candidates for uuid in candidate.allocations)
    nested, with_traits = at_least(ctx, 29), at_least(ctx, 17)
    nodes: Iterable[Node] = (
        loaded.with_trees_of(used) if nested else [loaded.nodes[uuid] for uuid in used]
    )
    requested = None
    if not at_least(ctx, 27):
        requested = {name for group in request.groups for name in group.resources}
    summaries: dict[str, Any] = {}
    for node in nodes:
        summary: dict[str, Any] = {
            "resources": {
                name: {"capacity": stock.capacity, "used": stock.used}
                for name, stock in node.stocks.items()
                if requested is None or name in requested
            }
        }
        if with_traits:
            summary["traits"] = sorted(node.traits)
        if nested:
            summary["parent_provider_uuid"] = node.parent
            summary["root_provider_uuid"] = node.root
        summaries[node.uuid] = summary
    return summaries


ROUTES = [
    Route.get(
        "/allocation_candidates",
        list_candidates,
        rule="placement:allocation_candidates:list",
        since="1.10",
    )
]
