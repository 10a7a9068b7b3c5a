"""Standard attributes of every kind of resource, beside what the real service answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import TestCloud

from .standard_attributes import Walk

RECORDED: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_suffix("").with_name("standard_attributes.json").read_text()
)
# (resource, question) -> why the answer differs here; "*": every resource, or every question
MORE = "Neutron refuses to sort by it, or fails"
FAILS = "Neutron answers 500"
NO_UPDATE = "there is nothing to update: 405 for every body; Neutron looks at the body first"
DIFFERENT: dict[tuple[str, str], str] = {
    **{("*", f"sort {name}"): MORE for name in ("created_at", "updated_at")},
    **{("rbac-policies", f"sort {name}"): MORE for name in ("id", "project_id", "tenant_id")},
    ("address-groups", "sort description"): FAILS,
    **{
        (
            "*",
            f"filter changed_since={year}-01-01T00:00:00",
        ): "Neutron has the filter and refuses it"
        for year in (2001, 2999)
    },
    **{
        ("network_segment_ranges", f"filter {filter_}"): "Neutron ignores tags of ranges"
        for filter_ in ("tags=blue", "not-tags=red")
    },
    ("network_segment_ranges", "new"): "Neutron shows the project of a shared range once",
    ("qos/policies", "tags"): FAILS,
    ("address-groups", "delete under a wrong condition"): "a condition counts for every verb",
    ("default-security-group-rules", "delete under a wrong condition"): "they show no revision",
    **{
        (resource, question): FAILS
        for resource in (
            "address-scopes",
            "flavors",
            "metering/metering-label-rules",
            "metering/metering-labels",
            "qos/policies/${policy}/bandwidth_limit_rules",
            "routers/${router}/conntrack_helpers",
            "service_profiles",
        )
        for question in ("delete under a wrong condition",)
    },
    ("flavors", "wrong condition"): FAILS,
    ("service_profiles", "wrong condition"): FAILS,
    **{
        (resource, question): NO_UPDATE
        for resource in (
            "default-security-group-rules",
            "metering/metering-label-rules",
            "metering/metering-labels",
            "security-group-rules",
        )
        for question in ("describe", "describe alike", "garbled condition", "wrong condition")
    },
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    cloud = TestCloud(tmp_path_factory.mktemp("standard") / "cloud")
    admin = cloud.client("admin")
    project = admin.get("identity", "/projects?name=admin").json()["projects"][0]["id"]

    def ask(method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        answer = admin.request(method, "network", path, json=body, headers=headers)
        return answer.status_code, answer.json() if answer.content else {}

    yield Walk(ask, project).answers()
    cloud.close()


def is_meant(resource: str, question: str) -> bool:
    return any((place, name) in DIFFERENT for place in (resource, "*") for name in (question, "*"))


@pytest.mark.parametrize("resource", sorted(RECORDED))
def test_standard_attributes_are_as_in_the_real_service(
    resource: str, answers: dict[str, dict[str, str]]
) -> None:
    ours, theirs = answers[resource], RECORDED[resource]
    different = {
        question: (ours.get(question), wanted)
        for question, wanted in theirs.items()
        if ours.get(question) != wanted and not is_meant(resource, question)
    }
    assert not different


@pytest.mark.parametrize(("resource", "question"), sorted(DIFFERENT))
def test_what_is_meant_to_differ_does(
    resource: str, question: str, answers: dict[str, dict[str, str]]
) -> None:
    resources = sorted(RECORDED) if resource == "*" else [resource]
    asked = [name for name in resources if question in RECORDED[name]]
    assert any(answers[name][question] != RECORDED[name][question] for name in asked)
