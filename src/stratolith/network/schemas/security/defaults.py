"""Templates of security group rules, and the default statefulness of groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import READ_ONLY, Attribute, Attributes
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.models import DefaultSecurityGroupRule, DefaultStatefulness
from stratolith.network.schemas.attributes import attributes, invalid, project_of
from stratolith.network.schemas.fields import boolean, nullable, one_of, remote_prefix, text
from stratolith.network.schemas.security_groups import ethertype, port, protocol

DEFAULT_RULE = attributes(
    "default_security_group_rule",
    "default_security_group_rules",
    {
        "id": READ_ONLY,
        "project_id": Attribute(text(64), update=False),
        "tenant_id": Attribute(text(64), update=False),
        "description": Attribute(text(), update=False, default=""),
        "direction": Attribute(one_of("ingress", "egress"), update=False, required=True),
        "ethertype": Attribute(ethertype, update=False, default="IPv4"),
        "protocol": Attribute(nullable(protocol), update=False),
        "port_range_min": Attribute(nullable(port), update=False),
        "port_range_max": Attribute(nullable(port), update=False),
        "remote_ip_prefix": Attribute(nullable(remote_prefix), update=False),
        "remote_group_id": Attribute(nullable(text()), update=False),
        "remote_address_group_id": Attribute(nullable(text()), update=False),
        "used_in_default_sg": Attribute(boolean, update=False, required=True),
        "used_in_non_default_sg": Attribute(boolean, update=False, required=True),
    },
)


def _project(ctx: Context, given: Mapping[str, Any]) -> str:
    """As of every resource; but null means all projects, which only administrators may mean."""
    for name in ("project_id", "tenant_id"):
        if name in given and given[name] is None:
            if ctx.is_admin:
                return ""
            raise HTTPBadRequest(
                "Specifying 'project_id' or 'tenant_id' other than the authenticated project in "
                "request requires admin privileges"
            )
    return project_of(ctx, given)


STATEFULNESS = Attributes(
    "security_groups_default_statefulness",
    "security_groups_default_statefulness",
    {
        "id": READ_ONLY,
        "project_id": Attribute(nullable(text(64)), update=False),
        "tenant_id": Attribute(nullable(text(64)), update=False),
        "stateful": Attribute(boolean, default=True),
    },
    _project,
    HTTPBadRequest,
    invalid,
)


def render_rule(template: DefaultSecurityGroupRule) -> dict[str, Any]:
    return {
        "id": template.id,
        "ethertype": template.ethertype,
        "direction": template.direction,
        "protocol": template.protocol,
        "port_range_min": template.port_range_min,
        "port_range_max": template.port_range_max,
        "remote_ip_prefix": template.remote_ip_prefix,
        "remote_address_group_id": template.remote_address_group_id,
        "remote_group_id": template.remote_group_id,
        "description": template.description,
        "used_in_default_sg": template.used_in_default_sg,
        "used_in_non_default_sg": template.used_in_non_default_sg,
    }


def render_statefulness(setting: DefaultStatefulness) -> dict[str, Any]:
    return {
        "id": setting.id,
        "project_id": setting.project_id or None,
        "tenant_id": setting.project_id or None,
        "stateful": setting.stateful,
    }
