"""The general search for resources: trees, sharing providers, request groups.

Source of the semantics: the Placement API reference, "Allocation candidates", and the
microversion history. Pure: works on a Forest, touches no database.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stratolith.placement.managers.forest import Forest, Node

LOG = logging.getLogger(__name__)
# Limits the time of a request: many groups over a wide tree give very many combinations.
MAX_COMBINATIONS = 100_000


@dataclass(frozen=True)
class Wishes:
    """Conditions on traits and aggregates: at least one of each set in ``required`` and
    ``member_of``, none of the forbidden ones.
    """

    required: Sequence[frozenset[str]] = ()
    forbidden: frozenset[str] = frozenset()
    member_of: Sequence[frozenset[str]] = ()
    forbidden_aggregates: frozenset[str] = frozenset()

    def allow_traits(self, traits: set[str]) -> bool:
        return not (self.forbidden and self.forbidden & traits) and all(
            any_of & traits for any_of in self.required
        )

    def allow_aggregates(self, aggregates: set[str]) -> bool:
        return not (self.forbidden_aggregates & aggregates) and all(
            any_of & aggregates for any_of in self.member_of
        )


@dataclass(frozen=True)
class Group:
    """A request group. A group with a suffix is served by one provider, the group without by any
    providers of a tree and their sharing providers. ``in_tree``: uuid of a provider.
    """

    suffix: str
    resources: Mapping[str, int] = field(default_factory=dict)
    wishes: Wishes = field(default_factory=Wishes)
    in_tree: str | None = None


@dataclass(frozen=True)
class Request:
    groups: Sequence[Group]
    isolate: bool = False
    root: Wishes = field(default_factory=Wishes)  # only traits
    same_subtrees: Sequence[frozenset[str]] = ()
    limit: int | None = None


@dataclass(frozen=True)
class Candidate:
    """``allocations``: provider uuid -> class -> amount; ``mappings``: suffix -> providers."""

    allocations: Mapping[str, Mapping[str, int]]
    mappings: Mapping[str, Sequence[str]]


# Part of a group's resources: (provider uuid, class, amount); class "" without resources
Portion = tuple[str, str, int]


def search(forest: Forest, request: Request, *, nested: bool = True) -> list[Candidate]:
    """Every way to serve the request, at most ``limit``.

    ``nested`` False: leave out candidates with two providers of one tree (before 1.29).
    """
    candidates: list[Candidate] = []
    seen: set[object] = set()
    for candidate in _all(forest, request):
        if not nested and not _is_flat(forest, candidate):
            continue
        key = _key(candidate)
        if key in seen:
            continue
        seen.add(key)
        candidates.append(candidate)
        if request.limit is not None and len(candidates) >= request.limit:
            break
    return candidates


def _all(forest: Forest, request: Request) -> Iterator[Candidate]:
    plain = request.groups[0] if len(request.groups) == 1 else None
    for root, tree in forest.trees.items():
        if not request.root.allow_traits(forest.nodes[root].traits):
            continue
        if plain is not None and not forest.sharing and len(tree) == 1:
            if _serves_alone(forest, tree[0], plain):
                uuid = tree[0].uuid
                yield Candidate({uuid: dict(plain.resources)}, {plain.suffix: [uuid]})
            continue
        yield from _of_tree(forest, request, tree)


def _key(candidate: Candidate) -> object:
    if len(candidate.allocations) == 1 and len(candidate.mappings) == 1:
        return next(iter(candidate.allocations))
    return (
        frozenset((u, n, a) for u, r in candidate.allocations.items() for n, a in r.items()),
        frozenset((suffix, tuple(uuids)) for suffix, uuids in candidate.mappings.items()),
    )


def _is_flat(forest: Forest, candidate: Candidate) -> bool:
    roots = [forest.nodes[uuid].root for uuid in candidate.allocations]
    return len(set(roots)) == len(roots)


def _serves_alone(forest: Forest, node: Node, group: Group) -> bool:
    for name, amount in group.resources.items():
        stock = node.stocks.get(name)
        if stock is None or not stock.fits(amount):
            return False
    return (
        _in_tree(forest, node, group)
        and group.wishes.allow_traits(node.traits)
        and group.wishes.allow_aggregates(node.aggregates)
    )


def _in_tree(forest: Forest, node: Node, group: Group) -> bool:
    if group.in_tree is None:
        return True
    wanted = forest.nodes.get(group.in_tree)
    return wanted is not None and wanted.root == node.root


def _of_tree(forest: Forest, request: Request, tree: Sequence[Node]) -> Iterator[Candidate]:
    near: set[str] = set().union(*(node.aggregates for node in tree))
    own = {node.uuid for node in tree}
    pool = [*tree, *(n for n in forest.sharing if n.uuid not in own and n.aggregates & near)]
    options = [
        list(itertools.islice(_options(forest, group, pool, own), MAX_COMBINATIONS))
        for group in request.groups
    ]
    if not all(options):
        return
    combinations = itertools.product(*options)
    for combination in itertools.islice(combinations, MAX_COMBINATIONS):
        candidate = _combine(forest, request, combination, own)
        if candidate is not None:
            yield candidate
    if next(combinations, None) is not None:
        LOG.warning("search stopped after %d combinations in one tree", MAX_COMBINATIONS)


def _options(
    forest: Forest, group: Group, pool: Sequence[Node], own: set[str]
) -> Iterator[tuple[Portion, ...]]:
    """All ways to serve one group."""
    if group.suffix:
        for node in pool:
            if _serves_alone(forest, node, group) and (group.resources or node.uuid in own):
                portions = [(node.uuid, name, n) for name, n in group.resources.items()]
                yield tuple(portions) or ((node.uuid, "", 0),)
        return
    choices = [
        [
            (node, (node.uuid, name, amount))
            for node in pool
            if name in node.stocks
            and node.stocks[name].fits(amount)
            and _fits_plain(forest, node, group, own)
        ]
        for name, amount in group.resources.items()
    ]
    for choice in itertools.product(*choices):
        traits: set[str] = set().union(*(node.traits for node, _ in choice))
        if all(any_of & traits for any_of in group.wishes.required):
            yield tuple(portion for _, portion in choice)


def _fits_plain(forest: Forest, node: Node, group: Group, own: set[str]) -> bool:
    """Whether a provider may give a part of the group without a suffix.

    The aggregates of a root apply to its whole tree.
    """
    if not _in_tree(forest, node, group) or group.wishes.forbidden & node.traits:
        return False
    aggregates = node.aggregates
    if node.uuid in own:
        aggregates = aggregates | forest.nodes[node.root].aggregates
    return group.wishes.allow_aggregates(aggregates)


def _combine(
    forest: Forest,
    request: Request,
    combination: Sequence[tuple[Portion, ...]],
    own: set[str],
) -> Candidate | None:
    mappings: dict[str, list[str]] = {}
    allocations: dict[str, dict[str, int]] = {}
    for group, portions in zip(request.groups, combination, strict=True):
        mappings[group.suffix] = list(dict.fromkeys(uuid for uuid, _, _ in portions))
        for uuid, name, amount in portions:
            if name:
                resources = allocations.setdefault(uuid, {})
                resources[name] = resources.get(name, 0) + amount
    if own.isdisjoint(allocations):
        return None  # found in the tree of the sharing provider itself
    if request.isolate and not _are_apart(mappings):
        return None
    if not all(_is_subtree(forest, mappings, names) for names in request.same_subtrees):
        return None
    nodes = forest.nodes
    fits = all(
        nodes[uuid].stocks[name].fits(amount)
        for uuid, resources in allocations.items()
        for name, amount in resources.items()
    )
    return Candidate(allocations, mappings) if fits else None


def _are_apart(mappings: Mapping[str, Sequence[str]]) -> bool:
    used = [uuid for suffix, uuids in mappings.items() if suffix for uuid in uuids]
    return len(set(used)) == len(used)


def _is_subtree(
    forest: Forest, mappings: Mapping[str, Sequence[str]], suffixes: Iterable[str]
) -> bool:
    """Whether one provider of these groups is equal to or an ancestor of all the others."""
    uuids = {uuid for suffix in suffixes for uuid in mappings.get(suffix, ())}
    return any(all(top in forest.ancestors(uuid) for uuid in uuids) for top in uuids)
