"""Which endpoints and endpoint groups belong to which projects, over HTTP (OS-EP-FILTER)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stratolith.identity.api import projects as projects_api
from stratolith.identity.api.service_catalog.endpoint_groups import ENDPOINT_GROUPS
from stratolith.identity.api.service_catalog.endpoints import ENDPOINTS
from stratolith.identity.api.style import collection, member_links
from stratolith.identity.managers import catalog_rows, endpoint_filter, projects
from stratolith.identity.models import Endpoint, ProjectEndpoint, ProjectEndpointGroup
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]


def _endpoints(ctx: Context, rows: Iterable[Endpoint]) -> Body:
    return collection(ctx, "endpoints", [ENDPOINTS.document(ctx, endpoint) for endpoint in rows])


# -- endpoints of projects -----------------------------------------------------------------------


def list_projects_of_endpoint(ctx: Context, endpoint_id: str) -> Body:
    endpoint = catalog_rows.get_endpoint(ctx, endpoint_id)
    rows = endpoint_filter.projects_of_endpoint(ctx, endpoint)
    return collection(ctx, "projects", projects_api.render_many(ctx, rows))


def list_endpoints(ctx: Context, project_id: str) -> Body:
    project = projects.get(ctx, project_id)
    return _endpoints(ctx, endpoint_filter.endpoints_shown(ctx, project))


def check_endpoint(ctx: Context, project_id: str, endpoint_id: str) -> None:
    catalog_rows.get_endpoint(ctx, endpoint_id)
    project = projects.get(ctx, project_id)
    endpoint_filter.check(ctx, ProjectEndpoint, project, endpoint_id)


def add_endpoint(ctx: Context, project_id: str, endpoint_id: str) -> None:
    catalog_rows.get_endpoint(ctx, endpoint_id)
    project = projects.get(ctx, project_id)
    endpoint_filter.add(ctx, ProjectEndpoint, project, endpoint_id)


def remove_endpoint(ctx: Context, project_id: str, endpoint_id: str) -> None:
    endpoint_filter.take_away(ctx, ProjectEndpoint, project_id, endpoint_id)


# -- groups of projects --------------------------------------------------------------------------


def list_groups(ctx: Context, project_id: str) -> Body:
    groups = endpoint_filter.groups_of(ctx, projects.get(ctx, project_id))
    return collection(
        ctx, "endpoint_groups", [ENDPOINT_GROUPS.document(ctx, group) for group in groups]
    )


def list_projects_of_group(ctx: Context, endpoint_group_id: str) -> Body:
    group = endpoint_filter.get(ctx, endpoint_group_id)
    rows = endpoint_filter.projects_of_group(ctx, group)
    return collection(ctx, "projects", projects_api.render_many(ctx, rows))


def list_endpoints_of_group(ctx: Context, endpoint_group_id: str) -> Body:
    group = endpoint_filter.get(ctx, endpoint_group_id)
    return _endpoints(ctx, endpoint_filter.endpoints_of(ctx, group))


def show_group(ctx: Context, endpoint_group_id: str, project_id: str) -> Body:
    project = projects.get(ctx, project_id)
    group = endpoint_filter.get(ctx, endpoint_group_id)
    endpoint_filter.check(ctx, ProjectEndpointGroup, project, group.id)
    place = f"OS-EP-FILTER/endpoint_groups/{group.id}/projects"
    return {
        "project_endpoint_group": {
            "endpoint_group_id": group.id,
            "project_id": project.id,
            "links": member_links(ctx, place, project.id),
        }
    }


def add_group(ctx: Context, endpoint_group_id: str, project_id: str) -> None:
    project = projects.get(ctx, project_id)
    group = endpoint_filter.get(ctx, endpoint_group_id)
    endpoint_filter.add(ctx, ProjectEndpointGroup, project, group.id)


def remove_group(ctx: Context, endpoint_group_id: str, project_id: str) -> None:
    project = projects.get(ctx, project_id)
    group = endpoint_filter.get(ctx, endpoint_group_id)
    endpoint_filter.take_away(ctx, ProjectEndpointGroup, project.id, group.id)


_PROJECT = "/OS-EP-FILTER/projects/{project_id}"
_ENDPOINT = _PROJECT + "/endpoints/{endpoint_id}"
_GROUP = "/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}"
_PAIR = _GROUP + "/projects/{project_id}"

ROUTES = [
    Route.get(
        "/OS-EP-FILTER/endpoints/{endpoint_id}/projects",
        list_projects_of_endpoint,
        rule="identity:list_projects_for_endpoint",
    ),
    Route.get(_PROJECT + "/endpoints", list_endpoints, rule="identity:list_endpoints_for_project"),
    Route.get(_ENDPOINT, check_endpoint, rule="identity:check_endpoint_in_project", status=204),
    Route.put(_ENDPOINT, add_endpoint, rule="identity:add_endpoint_to_project", status=204),
    Route.delete(_ENDPOINT, remove_endpoint, rule="identity:remove_endpoint_from_project"),
    Route.get(
        _PROJECT + "/endpoint_groups",
        list_groups,
        rule="identity:list_endpoint_groups_for_project",
    ),
    Route.get(
        _GROUP + "/projects",
        list_projects_of_group,
        rule="identity:list_projects_associated_with_endpoint_group",
    ),
    Route.get(
        _GROUP + "/endpoints",
        list_endpoints_of_group,
        rule="identity:list_endpoints_associated_with_endpoint_group",
    ),
    Route.get(_PAIR, show_group, rule="identity:get_endpoint_group_in_project"),
    Route.put(_PAIR, add_group, rule="identity:add_endpoint_group_to_project", status=204),
    Route.delete(_PAIR, remove_group, rule="identity:remove_endpoint_group_from_project"),
]
