"""The policy language, against the library's own evaluation as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oslo_policy import policy as oslo

from stratolith.kernel.auth import Identity
from stratolith.kernel.policy.compiler import compile_check
from stratolith.kernel.policy.enforcer import Policies, PolicyError, read_overrides
from stratolith.kernel.policy.rules import Rule

RULES = {
    "admin": "role:admin",
    "owner": "project_id:%(project_id)s",
    "nested": "domain_id:%(target.domain.id)s",
    "either": "rule:admin or rule:owner",
    "both": "role:member and rule:owner",
    "never": "!",
    "always": "@",
    "empty": "",
    "negated": "not role:reader",
    "literal": "'public':%(visibility)s",
    "true": "True:%(flag)s",
    "none": "None:%(nothing)s",
    "list": "roles:member",
    "role_of_target": "role:%(wanted)s",
    "brackets": "(role:a or role:member) and not (role:b or !)",
}
TARGETS: list[dict[str, Any]] = [
    {},
    {"project_id": "p1", "visibility": "public", "flag": True, "nothing": None},
    {"project_id": "p2", "visibility": "private", "flag": False, "wanted": "member"},
    {"target.domain.id": "d1", "wanted": "ADMIN"},
]
PEOPLE = [
    Identity(user_id="u1", project_id="p1", roles=("member", "reader")),
    Identity(user_id="u2", project_id="p2", roles=("Admin",)),
    Identity(user_id="u3", domain_id="d1", roles=("admin",)),
    Identity(user_id="u4", system=True, roles=("reader",)),
    Identity(user_id="u5"),
]


class Library:
    """What oslo.policy's checks need of an enforcer."""

    def __init__(self, rules: Any) -> None:
        self.rules = rules


@pytest.mark.parametrize("name", RULES)
def test_compiled_rules_answer_as_the_library_does(name: str) -> None:
    parsed = oslo.Rules.from_dict(RULES)
    compiled = compile_check(parsed[name], parsed)
    for person in PEOPLE:
        for target in TARGETS:
            creds = person.credentials()
            theirs = bool(parsed[name](target, dict(creds), Library(parsed), name))
            assert compiled(target, creds) is theirs, (person, target)


def policies(overrides: dict[str, str] | None = None) -> Policies:
    rules = [Rule("admin", "role:admin"), Rule("a:do", "rule:admin", scope=("project",))]
    other = [Rule("admin", "role:operator"), Rule("b:do", "rule:admin")]
    return Policies({"a": rules, "b": other}, overrides)


def test_services_keep_their_own_base_rules() -> None:
    admin = Identity(user_id="u", project_id="p", roles=("admin",))
    assert policies().allows("a", "a:do", admin, {})
    assert not policies().allows("b", "b:do", admin, {})


def test_scope_is_enforced() -> None:
    system = Identity(user_id="u", system=True, roles=("admin",))
    assert not policies().allows("a", "a:do", system, {})


def test_unknown_rules_protect() -> None:
    admin = Identity(user_id="u", project_id="p", roles=("admin",))
    assert not policies().allows("a", "a:unknown", admin, {})


def test_overrides_and_aliases() -> None:
    member = Identity(user_id="u", project_id="p", roles=("member",))
    changed = policies({"a:do": "rule:anyone", "anyone": "role:member or role:admin"})
    assert changed.allows("a", "a:do", member, {})
    assert not changed.allows("b", "b:do", member, {})


def test_a_circle_and_an_unknown_check_are_refused() -> None:
    with pytest.raises(PolicyError, match="a:do"):
        policies({"a:do": "rule:x", "x": "rule:y", "y": "rule:x"})
    with pytest.raises(PolicyError, match="a:do"):
        policies({"a:do": "http://example.invalid/check"})


def test_the_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    assert read_overrides(path) == {}
    path.write_text("'a:do': role:x\n")
    assert read_overrides(path) == {"a:do": "role:x"}
    for text in ("- a\n", "a: [1]\n", "a: {"):
        path.write_text(text)
        with pytest.raises(PolicyError):
            read_overrides(path)
