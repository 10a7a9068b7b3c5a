"""The default rules decide as upstream's do: every rule, persona and kind of target."""

from __future__ import annotations

import pytest

from stratolith.identity.policies import RULES
from stratolith.kernel.auth import Identity
from stratolith.kernel.policy.enforcer import Policies
from tests.unit.identity.policy_personas import (
    CLOSURE,
    OURS,
    PERSONAS,
    PROJECT,
    TABLE,
    TARGETS,
    USER,
    credentials,
)

# Names that upstream has and this cloud does not serve: federation, and what went with it
FEDERATION = (
    "identity_provider",
    "mapping",
    "protocol",
    "service_provider",
    "list_domains_for_user",
    "list_projects_for_user",
)
DECISIONS = {
    name: groups for name, *groups in (line.split() for line in TABLE.read_text().splitlines())
}
OWN = {rule.name for rule in RULES if rule.name.startswith("identity:")}


def identity(role: str, scope: str) -> Identity:
    return Identity(
        user_id=USER,
        user_domain_id=OURS,
        project_id=PROJECT if scope == "project" else None,
        project_domain_id=OURS if scope == "project" else None,
        domain_id=OURS if scope == "domain" else None,
        system=scope == "system",
        roles=tuple(CLOSURE[role]),
    )


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies({"identity": RULES})


def test_every_name_of_upstream_is_there_but_federation() -> None:
    missing = {name for name in DECISIONS if not any(word in name for word in FEDERATION)} - OWN
    assert missing == set()
    assert set(DECISIONS) >= OWN, "no name of our own"


@pytest.mark.parametrize("persona", PERSONAS, ids=[" ".join(one) for one in PERSONAS])
def test_a_persona_may_what_it_may_upstream(policies: Policies, persona: tuple[str, str]) -> None:
    who = identity(*persona)
    at = PERSONAS.index(persona)
    wrong = []
    for name in sorted(OWN):
        for sign, (what, target) in zip(DECISIONS[name][at], TARGETS.items(), strict=True):
            if policies.allows("identity", name, who, target) is not (sign == "+"):
                wrong.append(f"{name} of {what}: upstream {sign}")
    assert wrong == []


def test_the_table_tells_personas_apart() -> None:
    for at, persona in enumerate(PERSONAS):
        others = [tuple(groups[at] for groups in DECISIONS.values())]
        assert any("+" in group for group in others[0]), persona
    admin, reader = PERSONAS.index(("admin", "system")), PERSONAS.index(("reader", "system"))
    assert any(groups[admin] != groups[reader] for groups in DECISIONS.values())


@pytest.mark.parametrize("scope", ["project", "domain", "system"])
def test_rules_are_told_the_same_as_upstream(scope: str) -> None:
    ours, theirs = identity("reader", scope).credentials(), credentials("reader", scope)
    assert {name: ours[name] for name in theirs} == theirs


def test_a_file_overrides_a_rule_and_may_use_upstreams_words() -> None:
    words = "role:member and token.project.domain.id:%(target.domain.id)s"
    changed = Policies({"identity": RULES}, {"identity:create_domain": words})
    target = {"target.domain.id": OURS}
    assert changed.allows(
        "identity", "identity:create_domain", identity("member", "project"), target
    )
    assert not changed.allows(
        "identity", "identity:create_domain", identity("admin", "system"), target
    )
    assert changed.allows("identity", "identity:create_region", identity("admin", "system"), {})
