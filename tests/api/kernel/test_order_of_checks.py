"""What is judged before the rights of who asks: every route, as its service or itself says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stratolith.kernel.http.routing import JSON, EarlyChecks, Route
from stratolith.kernel.service import Service
from tests.api.identity.people import persona
from tests.routes import routes, version_headers
from tests.testcloud import Client, TestCloud

ID = "11111111-2222-3333-4444-555555555555"
FAULTS: dict[EarlyChecks, tuple[bytes, str]] = {
    EarlyChecks.TYPE: (b"{}", "text/plain"),
    EarlyChecks.GRAMMAR: (b"{x", "application/json"),
    EarlyChecks.SCHEMA: (b"17", "application/json"),  # no route takes a number
}


def forbidden() -> list[tuple[Service, Route, str]]:
    """Routes with a JSON body and a rule that needs an administrator, loading nothing."""
    found = []
    for service, route, path in routes():
        checks = {rule.name: rule.check for rule in service.policies}
        check = checks.get(route.rules[0], "") if len(route.rules) == 1 else ""
        admins = "member" not in check and "owner" not in check and "%" not in check and check
        if admins and route.body is not None and route.load is None and route.media_types == JSON:
            found.append((service, route, path))
    return found


def ask(who: Client, service: Service, route: Route, path: str, fault: EarlyChecks) -> int:
    raw, content_type = FAULTS[fault]
    headers: dict[str, Any] = {"Content-Type": content_type, **version_headers(service)}
    if route.until:
        headers["OpenStack-API-Version"] = f"{service.type} {route.until}"
    url = re.sub(r"\{[^}]*\}", ID, path)
    headers["X-Auth-Token"] = who.token
    answer = who.cloud.http.request(route.method, url, content=raw, headers=headers)
    return int(answer.status_code)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_faults_are_told_before_or_after_the_policy_speaks(
    cloud: TestCloud, fault: EarlyChecks
) -> None:
    reader = persona(cloud, "reader")
    asked = set()
    for service, route, path in forbidden():
        level = service.early_checks if route.early_checks is None else route.early_checks
        wanted = {403} if level < fault else {400, 415}
        status = ask(reader, service, route, path, fault)
        assert status in wanted, f"{route.method} {path}: {status} instead of {wanted}"
        asked.add(service.type)
    assert asked == {"compute", "identity", "image", "network", "placement"}


@pytest.mark.parametrize("path", ["/os-hypervisors?limit=x", "/os-hypervisors?limit=%ff"])
def test_compute_tells_faults_of_a_query_first(demo: Client, path: str) -> None:
    newest = {"OpenStack-API-Version": "compute 2.100"}
    assert demo.get("compute", path, headers=newest).status_code == 400
    right = demo.get("compute", "/os-hypervisors?limit=1", headers=newest)
    assert right.status_code == 403


@pytest.mark.parametrize("values", [{"colour": 1}, {"id": ID}, {"name": 1}, {"name": "x"}])
@pytest.mark.parametrize("kind", ["network", "router", "security_group", "port"])
def test_network_reads_changes_before_it_looks_for_what_is_changed(
    demo: Client, kind: str, values: dict[str, Any]
) -> None:
    path = f"/{kind.replace('_', '-')}s/{ID}"
    wanted = 404 if values == {"name": "x"} else 400
    assert demo.put("network", path, json={kind: values}).status_code == wanted


def test_tags_are_read_before_what_they_are_for_is_looked_for(demo: Client) -> None:
    path = f"/networks/{ID}/tags"
    assert demo.put("network", path, json={"bad": 1}).status_code == 400
    assert demo.put("network", path, json={"tags": ["x"]}).status_code == 404


@pytest.mark.parametrize("raw", [b"null", b"[]", b"0", b'""', b"false"])
def test_empty_values_are_bodies_that_schemas_refuse(cloud: TestCloud, raw: bytes) -> None:
    headers = {"X-Auth-Token": cloud.client("admin").token, "Content-Type": "application/json"}
    for service, route, path in routes():
        if route.body is not None and not route.raw_body and route.media_types == JSON:
            url, asked = re.sub(r"\{[^}]*\}", ID, path), {**headers, **version_headers(service)}
            answer = cloud.http.request(route.method, url, content=raw, headers=asked)
            assert 400 <= answer.status_code < 500, f"{route.method} {path}: {answer.text}"
