"""A host's report that makes no sense is refused with 400, and the error names the field."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel.agent.caller import AgentCaller
from tests.testcloud import TestCloud

DEEP = "[" * 1000
FACTS = {"vcpus": 1, "memory_mb": 1024, "disk_gb": 1}


def answer_to(cloud: TestCloud, view: str, report: Any) -> tuple[int, str]:
    """The status and text of the answer to a report of host-a; a str is sent as it is."""
    cloud.agent = AgentCaller("host-a")
    body = {"content": report.encode()} if isinstance(report, str) else {"json": report}
    answer = cloud.http.request("POST", f"/agent/v1/hosts/host-a/reports/{view}", **body)
    return answer.status_code, answer.text


def test_a_report_about_guests_is_checked(cloud: TestCloud) -> None:
    wrong: list[tuple[Any, str]] = [
        ([], "Expected `object`"),
        ("null", "Expected `object`"),
        ({"guests": 1}, "$.guests"),
        ({"guests": [1]}, "$.guests[0]"),
        ({"guests": {"x": 1}}, "$.guests"),
        ({"guests": [{"id": "a", "power": "flying"}]}, "$.guests[0].power"),
        ({"guests": [{"id": "a", "power": "running", "vifs": 1}]}, "$.guests[0].vifs"),
        ({"gone": [1]}, "$.gone[0]"),
        ({"unknown": "abc"}, "$.unknown"),
        ({"left_out": ["a"]}, "$.left_out"),
        ({"results": [{"server_id": "a"}]}, "operation_id"),
        ({"results": [{"server_id": "a", "operation_id": "b", "told": 1}]}, "$.results[0].told"),
        ({"faults": [{"id": "a"}]}, "message"),
        ({"restarts": [{"detail": "a"}]}, "id"),
        ({"facts": [1]}, "$.facts"),
        ({"facts": {**FACTS, "vcpus": "many"}}, "$.facts.vcpus"),
        ({"facts": {**FACTS, "cpu_info": [1]}}, "$.facts.cpu_info"),
    ]
    for report, field in wrong:
        status, text = answer_to(cloud, "guests", report)
        assert status == 400 and field in text, (report, status, text)


def test_the_generation_of_a_network_is_checked(cloud: TestCloud) -> None:
    for generation in (-1, 10**30, 2**63, "1", 1.5, None):
        status, text = answer_to(cloud, "network", {"generation": generation})
        assert status == 400 and "$.generation" in text, (generation, status, text)
    assert answer_to(cloud, "network", {"generation": 2**63 - 1})[0] == 200


def test_a_heartbeat_is_checked(cloud: TestCloud) -> None:
    """Its words are shown on terminals and stored in short columns."""
    cloud.agent = AgentCaller("host-a")
    beat = {"version": "1.0.dev1+g0", "views": ["guests"], "started_at": "2030-01-01T00:00:00"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"version": "1\x1b[2J"}, "$.version"),
        ({"version": "1\n"}, "$.version"),
        ({"version": "1" * 65}, "$.version"),
        ({"views": ["a\x07"]}, "$.views[0]"),
        ({"offers": {"tunnel_address": "\r"}}, "$.offers.tunnel_address"),
        ({"offers": {"architecture": "x" * 33}}, "$.offers.architecture"),
        ({"offers": {"drivers": {"guests": "\x00"}}}, "$.offers.drivers"),
        ({"offers": {"capabilities": ["\x00"]}}, "$.offers.capabilities[0]"),
    ]
    path = "/agent/v1/hosts/host-a/seen"
    for part, field in wrong:
        answer = cloud.http.request("POST", path, json={**beat, **part})
        assert answer.status_code == 400 and field in answer.text, (part, answer.text)
    offers = {"drivers": {"guests": "qemu"}, "architecture": "x86_64", "tunnel_address": "fd00::1"}
    answer = cloud.http.request("POST", path, json={**beat, "offers": {**offers, "new": 1}})
    assert answer.status_code == 204, answer.text


def test_an_answer_to_a_request_is_checked(cloud: TestCloud) -> None:
    wrong: list[Any] = [[], "null", {"r1": 1}, {"r1": []}, {"r1": None}]
    for report in wrong:
        status, text = answer_to(cloud, "questions", report)
        assert status == 400 and "Expected" in text, (report, status, text)


@pytest.mark.parametrize("view", ["guests", "questions", "network"])
def test_what_is_no_json_is_refused(cloud: TestCloud, view: str) -> None:
    for body in (DEEP, DEEP + "]" * 1000, "{", ""):
        assert answer_to(cloud, view, body)[0] == 400, body[:10]


def test_what_a_newer_agent_adds_is_ignored(cloud: TestCloud) -> None:
    report = {"guests": [{"id": "a", "power": "running", "new": 1}], "facts": {**FACTS, "new": {}}}
    assert answer_to(cloud, "guests", {**report, "new": 1}) == (200, '{"destroy":[]}')
