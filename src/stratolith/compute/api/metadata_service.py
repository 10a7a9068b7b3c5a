"""The metadata service for guests (169.254.169.254): the OpenStack documents and the EC2 tree.

Requests come from the metadata proxy of a host. Hosts of this cloud use the agent API with their
own credentials; any other proxy uses the metadata port and signs the server id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from stratolith.compute.managers import metadata_service
from stratolith.compute.managers.metadata_service import EC2_VERSIONS, VERSIONS, Answers
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route

TEXT = "text/plain; charset=UTF-8"
JSON = "application/json"


def _text(text: str) -> Response:
    return Response(text, media_type=TEXT)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type=JSON)


def root(ctx: Context) -> Response:
    metadata_service.answers(ctx)
    return _text("\n".join([*EC2_VERSIONS[:-1], "latest"]))


def openstack_versions(ctx: Context) -> Response:
    metadata_service.answers(ctx)
    return _text("\n".join(VERSIONS))


def openstack_index(ctx: Context, version: str) -> Response:
    metadata = metadata_service.answers(ctx)
    _check(version, VERSIONS)
    names = ["meta_data.json", "password", "vendor_data.json", "network_data.json"]
    names += ["vendor_data2.json"] + (["user_data"] if metadata.user_data is not None else [])
    return _text("\n".join(names))


def openstack_document(ctx: Context, version: str, name: str) -> Response:
    metadata = metadata_service.answers(ctx)
    _check(version, VERSIONS)
    if name == "meta_data.json":
        return _json(metadata_service.seeded(metadata.meta))
    if name == "network_data.json":
        return _json(metadata.network)
    if name in ("vendor_data.json", "vendor_data2.json"):
        return _json({})
    if name == "password":
        return _text(metadata.password)
    if name == "user_data" and metadata.user_data is not None:
        return Response(metadata.user_data, media_type="application/octet-stream")
    raise NotFound


def content(ctx: Context, number: str) -> Response:
    metadata = metadata_service.answers(ctx)
    if number not in metadata.files:
        raise NotFound
    return Response(metadata.files[number], media_type="application/octet-stream")


def post_password(ctx: Context, version: str, name: str, body: bytes) -> Response:
    metadata_service.answers(ctx)
    _check(version, VERSIONS)
    if name != "password":
        raise NotFound
    metadata_service.set_password(ctx, body)
    return Response(status=200)


def _check(version: str, known: list[str]) -> None:
    if version not in known:
        raise NotFound


# -- EC2 -----------------------------------------------------------------------------------------


def ec2_index(ctx: Context, version: str) -> Response:
    metadata = metadata_service.answers(ctx)
    _check(version, EC2_VERSIONS)
    return _text("meta-data/" + ("\nuser-data" if metadata.user_data is not None else ""))


def ec2_user_data(ctx: Context, version: str) -> Response:
    metadata = metadata_service.answers(ctx)
    _check(version, EC2_VERSIONS)
    if metadata.user_data is None:
        raise NotFound
    return Response(metadata.user_data, media_type="application/octet-stream")


def ec2_top(ctx: Context, version: str) -> Response:
    return ec2_tree(ctx, version, "")


def ec2_tree(ctx: Context, version: str, path: str) -> Response:
    metadata: Answers = metadata_service.answers(ctx)
    _check(version, EC2_VERSIONS)
    node: Any = metadata.ec2
    for step in [part for part in path.split("/") if part]:
        if not isinstance(node, dict) or step not in node or step.startswith("_"):
            raise NotFound
        node = node[step]
    return _text(node if isinstance(node, str) else _names(node))


def _names(tree: dict[str, Any]) -> str:
    """One entry per line; folders end with a slash, keys have the form number=name."""
    lines = []
    for name, child in sorted(tree.items()):
        if name.startswith("_"):
            continue
        if isinstance(child, dict):
            lines.append(child.get("_name") or f"{name}/")
        else:
            lines.append(name)
    return "\n".join(lines)


_OPEN: dict[str, Any] = {"public": True, "root": True}
ROUTES = [
    Route.get("/", root, **_OPEN),
    Route.get("/openstack", openstack_versions, **_OPEN),
    Route.get("/openstack/content/{number}", content, **_OPEN),
    Route.get("/openstack/{version}", openstack_index, **_OPEN),
    Route.get("/openstack/{version}/{name}", openstack_document, **_OPEN),
    Route.post("/openstack/{version}/{name}", post_password, raw_body=True, **_OPEN),
    Route.get("/{version}", ec2_index, **_OPEN),
    Route.get("/{version}/user-data", ec2_user_data, **_OPEN),
    Route.get("/{version}/meta-data", ec2_top, **_OPEN),
    Route.get("/{version}/meta-data/{path:path}", ec2_tree, **_OPEN),
]


def _for_agents(route: Route) -> Route:
    """The same route in the agent API, below the host that asks for one of its guests."""

    def handler(ctx: Context, host: str, **variables: Any) -> Response:
        response: Response = route.handler(ctx, **variables)
        return response

    path = f"{AGENT_PREFIX}{route.path}".rstrip("/")
    return replace(route, path=path, handler=handler)


AGENT_PREFIX = "/v1/hosts/{host}/metadata"
AGENT_ROUTES = [_for_agents(route) for route in ROUTES]
