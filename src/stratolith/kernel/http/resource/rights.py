"""Policy for attributes ("create_port:fixed_ips:ip_address") and for many rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden

Target = Mapping[str, Any]


def allow(
    ctx: Context,
    rule: str,
    target: Target,
    values: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    *,
    refused: type[Forbidden] = Forbidden,
) -> None:
    """Raise ``refused`` unless ``rule`` is allowed, and with it each attribute in ``values`` that
    has a rule and not its default value.
    """
    asked = {**target, **(values or {})} if values else target
    if not ctx.can(rule, asked):
        raise refused(action=rule)
    for name, value in (values or {}).items():
        if defaults is not None and (value is None or defaults.get(name, ...) == value):
            continue
        for further in _rules(ctx, rule, name, value):
            if not ctx.can(further, asked):
                raise refused(f"(rule:{rule} and rule:{further}) is disallowed by policy")


def _rules(ctx: Context, rule: str, name: str, value: Any) -> Iterator[str]:
    known = rules_of_attributes(ctx)
    attribute_rule = f"{rule}:{name}"
    if attribute_rule in known:
        yield attribute_rule
    inner: set[str] = set()
    if isinstance(value, Mapping):
        inner = set(value)
    elif isinstance(value, list):
        inner = {key for part in value if isinstance(part, Mapping) for key in part}
    for key in sorted(inner):
        if f"{attribute_rule}:{key}" in known:
            yield f"{attribute_rule}:{key}"


def rules_of_attributes(ctx: Context) -> frozenset[str]:
    """Names of the rules for single attributes of a resource: "create_port:fixed_ips"."""
    return frozenset() if ctx.service is None else ctx.service.rule_names


def readable(ctx: Context, rule: str, rows: Iterable[Any]) -> list[Any]:
    """The rows that ``rule`` lets the caller read; checked once for rows with equal policy keys."""
    known: dict[tuple[Any, ...], bool] = {}
    allowed = []
    for row in rows:
        key = row.policy_key()
        if key not in known:
            known[key] = ctx.can(rule, row.policy_target())
        if known[key]:
            allowed.append(row)
    return allowed


def hidden(ctx: Context, rule: str, names: Iterable[str], target: Target) -> set[str]:
    """The attributes that the caller may not read at ``target``."""
    return {name for name in names if not ctx.can(f"{rule}:{name}", target)}


def without(items: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    """The items without these attributes."""
    if names:
        for item in items:
            for name in names:
                item.pop(name, None)
    return items
