"""Every route of every service, and requests that fit it, for tests that walk them all."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis_jsonschema import from_schema

from stratolith import services
from stratolith.kernel.http.routing import Route
from stratolith.kernel.http.validation import Schema
from stratolith.kernel.service import Service


def routes() -> list[tuple[Service, Route, str]]:
    """Each (service, route, path from the root of the single port); side doors as well."""
    found = []
    for service in services.load():
        doors = [(service.mount, service.prefix, service.routes)]
        doors += [(side.mount, "", side.routes) for side in service.side_doors]
        for mount, prefix, table in doors:
            for route in table:
                path = mount + (route.path if route.root else prefix + route.path)
                found.append((service, route, path))
    return found


def plain(schema: Any) -> Any:
    """The schema without our own formats, which the generator does not know."""
    if isinstance(schema, dict):
        return {k: plain(v) for k, v in schema.items() if k != "format" or v in ("ipv4", "ipv6")}
    return [plain(one) for one in schema] if isinstance(schema, list) else schema


def document(schema: Schema) -> dict[str, Any]:
    """The newest version of a schema as the generator takes it."""
    return {**plain(schema.document(None)), "$schema": "http://json-schema.org/draft-07/schema#"}


@cache
def smallest(schema: Schema) -> Any:
    """A small body that the schema lets pass."""
    quiet = settings(
        database=None,
        deadline=None,
        max_examples=100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # the same body in every run: what a test meets must not depend on luck
    return find(from_schema(document(schema)), lambda body: True, settings=quiet, random=Random(1))


def version_headers(service: Service) -> dict[str, str]:
    """Asks for the newest microversion, where the service has some."""
    if service.microversions is None:
        return {}
    return {"OpenStack-API-Version": f"{service.type} {service.microversions.maximum}"}
