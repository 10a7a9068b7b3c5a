"""Policy on whole resources and on single attributes ("create_port:fixed_ips:ip_address")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.exceptions import PolicyNotAuthorized, RevisionConflict
from stratolith.network.policies import ATTRIBUTE_RULES


def allow(
    ctx: Context,
    action: str,
    target: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Raise PolicyNotAuthorized unless ``action`` and every attribute in ``values`` that has a
    rule of its own (and is not just its default) are allowed.
    """
    asked = {**target, **(values or {})} if values else target
    if not ctx.can(action, asked):
        raise PolicyNotAuthorized(action=action)
    for name, value in (values or {}).items():
        if defaults is not None and (value is None or defaults.get(name, ...) == value):
            continue
        for rule in _rules(action, name, value):
            if not ctx.can(rule, asked):
                raise PolicyNotAuthorized(
                    f"(rule:{action} and rule:{rule}) is disallowed by policy"
                )


def _rules(action: str, name: str, value: Any) -> Iterator[str]:
    rule = f"{action}:{name}"
    if rule in ATTRIBUTE_RULES:
        yield rule
    inner: set[str] = set()
    if isinstance(value, Mapping):
        inner = set(value)
    elif isinstance(value, list):
        inner = {key for one in value if isinstance(one, Mapping) for key in one}
    for key in sorted(inner):
        if f"{rule}:{key}" in ATTRIBUTE_RULES:
            yield f"{rule}:{key}"


def own(ctx: Context) -> dict[str, Any]:
    """A target that stands for whatever belongs to the caller."""
    return {
        "project_id": ctx.project_id,
        "tenant_id": ctx.project_id,
        "network:project_id": ctx.project_id,
    }


def readable(ctx: Context, rule: str, rows: Iterable[Any]) -> list[Any]:
    """The rows that ``rule`` lets the caller read; asked once for rows that are alike to it."""
    known: dict[tuple[Any, ...], bool] = {}
    found = []
    for row in rows:
        key = row.policy_key()
        if key not in known:
            known[key] = ctx.can(rule, row.policy_target())
        if known[key]:
            found.append(row)
    return found


def check_revision(ctx: Context, revision: int) -> None:
    """Obey ``If-Match: revision_number=N``; raises RevisionConflict (412)."""
    asked = ctx.headers.get("if-match", "")
    name, _, wanted = asked.partition("=")
    if name.strip() == "revision_number" and wanted.strip().isdigit() and int(wanted) != revision:
        raise RevisionConflict(expected=wanted.strip(), current=revision)


def hidden(ctx: Context, action: str, names: Iterable[str]) -> set[str]:
    """Attributes that the caller may not read."""
    mine = own(ctx)
    return {name for name in names if not ctx.can(f"{action}:{name}", mine)}


def without(items: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    """The same items, these attributes taken away."""
    if names:
        for item in items:
            for name in names:
                item.pop(name, None)
    return items
