"""Every route is protected, every rule is known, every resource has its file in every room."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from stratolith import services
from stratolith.kernel.http.routing import Route, Router
from stratolith.kernel.service import Service

SERVICES = list(services.load())
ROUTES = [(service, route) for service in SERVICES for route in service.routes]
SOURCE = Path(__file__).parents[2] / "src" / "stratolith"


def name(value: object) -> str | None:
    if isinstance(value, Service):
        return value.type
    return f"{value.method} {value.path}" if isinstance(value, Route) else None


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=name)
def test_the_rule_of_a_route_is_known(service: Service, route: Route) -> None:
    """Routes without one decide themselves: what they let through is in test_rights.py."""
    assert set(route.rules) <= service.rule_names


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=name)
def test_a_route_that_takes_json_has_a_schema(service: Service, route: Route) -> None:
    if route.method in ("POST", "PUT", "PATCH") and not (route.raw_body or route.stream):
        takes_body = "body" in inspect.signature(route.handler).parameters
        assert route.body is not None or not takes_body


@pytest.mark.parametrize("service", SERVICES, ids=name)
def test_paths_do_not_clash(service: Service) -> None:
    Router(service.routes, service.prefix)
    seen: dict[tuple[str, str], list[Route]] = {}
    for route in service.routes:
        for other in seen.setdefault((route.method, route.path), []):
            assert route.since != other.since or route.until != other.until, route.path
        seen[(route.method, route.path)].append(route)


@pytest.mark.parametrize("service", SERVICES, ids=name)
def test_rule_names_are_said_once(service: Service) -> None:
    names = [rule.name for rule in service.policies]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("service", SERVICES, ids=name)
def test_settings_are_documented(service: Service) -> None:
    import msgspec

    if service.settings is None:
        return
    for field in msgspec.inspect.type_info(service.settings).fields:  # type: ignore[union-attr]
        assert isinstance(field.type, msgspec.inspect.Metadata), f"{service.folder}.{field.name}"


def test_modules_say_what_lives_there() -> None:
    for module in SOURCE.rglob("*.py"):
        text = module.read_text()
        if "/versions/0" in str(module) or not text.strip():
            continue
        assert text.lstrip().startswith('"""'), f"{module}: no docstring"


def test_no_module_is_a_drawer() -> None:
    for module in SOURCE.rglob("*.py"):
        assert module.stem not in ("utils", "helpers", "common", "misc"), module
