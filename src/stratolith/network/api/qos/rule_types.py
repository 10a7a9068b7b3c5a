"""/qos/rule-types"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import parse_bools
from stratolith.kernel.http.routing import Route
from stratolith.network.api import lists
from stratolith.network.api.lists import unknown_filters
from stratolith.network.exceptions.general import PolicyNotAuthorized
from stratolith.network.exceptions.qos import NotAuthorized, QosRuleTypeNotFound
from stratolith.network.managers.qos import rule_types
from stratolith.network.schemas.qos.rules import DSCP_MARKS, MOST, TYPES, RuleType

Body = dict[str, Any]
_FILTERS = {"all_rules", "all_supported"}


def index(ctx: Context) -> Body:
    """The types that every driver enforces; ``all_rules``: all types that policies can have."""
    unknown = [name for name in ctx.query if name not in lists.NOT_FILTERS | _FILTERS]
    if unknown:
        raise unknown_filters(unknown)
    asked = {name: any(parse_bools(ctx.query.getlist(name))) for name in _FILTERS}
    names = rule_types.ALL if asked["all_rules"] else rule_types.enforced(ctx)
    members = lists.chosen_fields(ctx, [{"type": name} for name in sorted(names)])
    return {"rule_types": members}


def show(ctx: Context, rule_type: str) -> Body:
    """The drivers that enforce the type, for administrators."""
    if not ctx.is_admin:
        raise NotAuthorized
    if rule_type not in TYPES:
        raise QosRuleTypeNotFound(name=rule_type)
    drivers = []
    if rule_type in rule_types.enforced(ctx):
        parameters = _parameters(TYPES[rule_type])
        drivers = [{"name": rule_types.driver_of(ctx), "supported_parameters": parameters}]
    shown = lists.chosen_fields(ctx, [{"type": rule_type, "drivers": drivers}])
    return {"rule_type": shown[0]}


def _parameters(kind: RuleType) -> list[Body]:
    numbers: Body = {
        "parameter_values": {"start": 0, "end": MOST},
        "parameter_type": "range",
    }
    if kind.marks:
        numbers = _choices(DSCP_MARKS)
    parameters = [{"parameter_name": kind.amount, **numbers}]
    if kind.burst:
        parameters.append({"parameter_name": kind.burst, **numbers})
    if kind.directions:
        parameters.append({"parameter_name": "direction", **_choices(kind.directions)})
    return parameters


def _choices(values: tuple[Any, ...]) -> Body:
    return {"parameter_values": list(values), "parameter_type": "choices"}


_CHECKED: Body = {"rule": "get_rule_type", "refused": PolicyNotAuthorized}
ROUTES = [
    route
    for path in ("/qos/rule-types", "/qos/rule_types")
    for route in (
        Route.get(path, index, **_CHECKED),
        Route.get(f"{path}/{{rule_type}}", show, **_CHECKED),
    )
]
