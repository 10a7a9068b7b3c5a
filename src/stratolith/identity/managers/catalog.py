"""The catalogue: services and their endpoints, rendered for the caller's token and address.

The cloud's own endpoints have a mark instead of a URL: their URL is made from the address that the
client connected to (kernel/urls.py). A URL that an operator sets is shown as it is, with
``$(project_id)s`` and ``%(project_id)s`` replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratolith.identity.managers import endpoint_filter
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import CatalogService, Endpoint
from stratolith.kernel.auth import Identity
from stratolith.kernel.caches import Copy
from stratolith.kernel.context import Context
from stratolith.kernel.urls import endpoint_url

DIALLED = "dialled:"
_VARIABLE = re.compile(r"[$%]\((\w+)\)s")
Document = dict[str, Any]


@dataclass
class _Cached:
    """The catalogue of one epoch; rendered: (client's address, project and user) -> documents.

    confined: project id -> ids of its visible endpoints, for projects with endpoint filters.
    """

    services: list[tuple[CatalogService, list[Endpoint]]]
    confined: dict[str, set[str]]
    rendered: dict[Any, list[Document]] = field(default_factory=dict)


def shown_url(ctx: Context, url: str) -> str:
    """The URL of an endpoint as the API shows it."""
    if not url.startswith(DIALLED):
        return url
    try:
        return endpoint_url(ctx, url.removeprefix(DIALLED))
    except KeyError:
        return ""


def filled_url(url: str, identity: Identity) -> str | None:
    """``url`` with its variables replaced; None when the token has no value for one of them."""
    values = {
        "project_id": identity.project_id,
        "tenant_id": identity.project_id,
        "user_id": identity.user_id,
    }
    missing = [name for name in _VARIABLE.findall(url) if not values.get(name)]
    return None if missing else _VARIABLE.sub(lambda m: values[m[1]] or "", url)


def documents(ctx: Context, identity: Identity) -> list[Document]:
    """The catalogue as tokens and /auth/catalog carry it."""
    cached = _CATALOG.of(ctx.env)
    services, rendered = cached.services, cached.rendered
    only = cached.confined.get(identity.project_id or "")
    depends = only is not None or any(
        _VARIABLE.search(e.url) for _, endpoints in services for e in endpoints
    )
    key = (ctx.host_url, ctx.by_path, (identity.project_id, identity.user_id) if depends else None)
    rendered_documents = rendered.get(key)
    if rendered_documents is None:
        if len(rendered) > 1000:
            rendered.clear()
        rendered_documents = [
            _service(ctx, service, endpoints, identity)
            for service, endpoints in _shown(services, only)
        ]
        rendered[key] = rendered_documents
    return rendered_documents


def _shown(
    services: list[tuple[CatalogService, list[Endpoint]]], only: set[str] | None
) -> list[tuple[CatalogService, list[Endpoint]]]:
    """The services with the endpoints a project may see; services without any are left out."""
    if only is None:
        return services
    kept = [(service, [e for e in endpoints if e.id in only]) for service, endpoints in services]
    return [(service, endpoints) for service, endpoints in kept if endpoints]


def _read(session: Session) -> list[tuple[CatalogService, list[Endpoint]]]:
    services = session.scalars(
        select(CatalogService).where(CatalogService.enabled).order_by(CatalogService.type)
    ).all()
    by_service: dict[str, list[Endpoint]] = {service.id: [] for service in services}
    for endpoint in session.scalars(
        select(Endpoint).where(Endpoint.enabled).order_by(Endpoint.interface, Endpoint.id)
    ):
        if endpoint.service_id in by_service:
            by_service[endpoint.service_id].append(endpoint)
    return [(service, by_service[service.id]) for service in services]


def _service(
    ctx: Context, service: CatalogService, endpoints: list[Endpoint], identity: Identity
) -> Document:
    shown = []
    for endpoint in endpoints:
        url = filled_url(shown_url(ctx, endpoint.url), identity)
        if url:
            shown.append(
                {
                    "id": endpoint.id,
                    "interface": endpoint.interface,
                    "region_id": endpoint.region_id,
                    "url": url,
                    "region": endpoint.region_id,
                }
            )
    return {
        "endpoints": shown,
        "id": service.id,
        "type": service.type,
        "name": service.name,
    }


_CATALOG = Copy(
    epoch.EPOCHS, lambda session: _Cached(_read(session), endpoint_filter.confined(session))
)
