"""/default-security-group-rules"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import true

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Resource, Verb, boolean, exact, named
from stratolith.network.api.filters import nullable
from stratolith.network.api.security.rule_filters import rule_filters
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.security_groups import DefaultSecurityGroupRuleNotFound
from stratolith.network.managers.security import default_security_group_rules
from stratolith.network.models import DefaultSecurityGroupRule as Template
from stratolith.network.schemas.security.defaults import DEFAULT_RULE, render_rule

Body = dict[str, Any]
SORT_KEYS = (
    "id", "direction", "ethertype", "protocol", "port_range_min", "port_range_max",
    "remote_ip_prefix", "remote_group_id", "remote_address_group_id",
)  # fmt: skip


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row) for row in rows]


DEFAULT_RULES = Resource(
    DEFAULT_RULE.name,
    STYLE,
    plural=DEFAULT_RULE.collection,
    load=default_security_group_rules.get,
    rendered=rendered,
    attributes=DEFAULT_RULE,
    listing=Listing(
        Template,
        visible=lambda ctx: true(),  # the same for all projects
        filters={
            "id": exact(Template.id),
            "description": named(Template.description),
            "direction": nullable(Template.direction),
            "remote_group_id": nullable(Template.remote_group_id),
            "remote_address_group_id": nullable(Template.remote_address_group_id),
            "used_in_default_sg": boolean(Template.used_in_default_sg),
            "used_in_non_default_sg": boolean(Template.used_in_non_default_sg),
            **rule_filters(Template),
        },
        sort_keys={name: getattr(Template, name) for name in SORT_KEYS},
        default_sort=[("id", "asc")],
        missing=lambda marker: DefaultSecurityGroupRuleNotFound(id=marker),
        read=plain_reader(Template),
    ),
    create=Verb(default_security_group_rules.create),
    delete=Verb(default_security_group_rules.delete),
    ownerless=True,
)
ROUTES = DEFAULT_RULES.routes
