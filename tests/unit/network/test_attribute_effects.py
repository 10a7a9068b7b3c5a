"""The page of the reference that says what every attribute does has all of them, and no others."""

from __future__ import annotations

from pathlib import Path

from stratolith.network.schemas import agents, rbac_policies

from .test_attribute_values import RESOURCES

PAGE = Path(__file__).parents[3] / "docs/reference/network-attributes.md"
EVERYWHERE = {"name", "description", "project_id", "tenant_id", "tags"}


def test_every_attribute_has_its_line() -> None:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    said = [(row[1].strip(), row[2].strip()) for row in rows[1:]]
    resources = [*RESOURCES.values(), rbac_policies.RBAC_POLICY, agents.AGENT]
    taken = [
        (one.name, name)
        for one in resources
        for name, attribute in one.attributes.items()
        if attribute.convert is not None and name not in EVERYWHERE
    ]
    assert sorted(said) == sorted(taken)
    assert all(row[3].strip() for row in rows)
