"""Changes of references between rows, collected so that each row is changed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stratolith.network.drivers.ovn.ovsdb import wire

Change = dict[str, Any]
# (table, holder) -> (column, verb) -> rows; the holder itself is at ("", "")
Mutations = dict[tuple[str, str], dict[tuple[str, str], list[Any]]]


def wired(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row as the protocol has them."""
    return {column: wire(value) for column, value in columns.items()}


def mutate(
    mutations: Mutations,
    table: str,
    parent: Any,
    column: str,
    verb: str,
    target: Any,
) -> None:
    """Add a change of a reference: ``verb`` is "insert" or "delete", ``parent`` has the column."""
    key = (table, str(parent))
    steps = mutations.setdefault(key, {("", ""): [parent]})
    steps.setdefault((column, verb), []).append(target)


def size(mutations: Mutations) -> int:
    """How many references change."""
    return sum(len(targets) for steps in mutations.values() for targets in steps.values())


def operations(mutations: Mutations) -> Iterator[Change]:
    """Those that make the mutations."""
    for (table, _), steps in mutations.items():
        (parent,) = steps["", ""]
        yield {
            "op": "mutate",
            "table": table,
            "where": [["_uuid", "==", wire(parent)]],
            "mutations": [
                [column, verb, wire(targets)] for (column, verb), targets in steps.items() if column
            ],
        }
