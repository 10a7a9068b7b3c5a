"""policy.yaml while a server runs: good changes come into force, bad ones change nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stratolith import services
from stratolith.kernel.auth import Identity
from stratolith.kernel.policy.enforcer import Policies, PolicyError, read_overrides
from stratolith.kernel.policy.rules import Rule
from stratolith.kernel.policy.watcher import PolicyWatcher

MEMBER = Identity(user_id="u", project_id="p", roles=("member",))
BAD = [
    "a:do: 'role:member or'",
    "a:do: '(role:member'",
    "a:do: 'role:member and x'",
    "a:do: 'rule:nowhere'",
    "a:do: 'member'",
    "a:do: [role:member]",
    "a:do: 'http://example.invalid/check'",
    "a:do: 'rule:x'\nx: 'rule:x'",
    "a:doo: 'role:member'",
    "b:do: 'role:member'",
    "adminn: 'role:member'",
    "- role:member",
    "a:do: {",
    "1: 'role:member'",
    "\x00",
    "a:do: 2026-13-45",
    "[" * 100_000,
    f"# {'x' * 1024 * 1024}",
]


@pytest.fixture
def policies() -> Policies:
    return Policies({"a": [Rule("admin", "role:admin"), Rule("a:do", "rule:admin")]})


@pytest.fixture
def watcher(policies: Policies, tmp_path: Path) -> PolicyWatcher:
    return PolicyWatcher(policies, tmp_path / "policy.yaml")


def may(policies: Policies) -> bool:
    return policies.allows("a", "a:do", MEMBER, {})


def test_changes_come_into_force(
    policies: Policies, watcher: PolicyWatcher, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    assert not may(policies)
    file.write_text("'a:do': role:member\n")
    watcher.look()
    assert may(policies)
    other = tmp_path / "new"
    other.write_text("'a:do': role:nobody\n")
    os.replace(other, file)
    watcher.look()
    assert not may(policies)
    file.write_text("'a:do': rule:all\nall: '@'\n")
    watcher.look()
    assert may(policies)
    file.unlink()
    watcher.look()
    assert not may(policies)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_changes_nothing(
    text: str, policies: Policies, watcher: PolicyWatcher, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("'a:do': role:member\n")
    watcher.look()
    file.write_text(text)
    watcher.look()
    assert may(policies), "the rules before it stay in force"
    file.write_text("'a:do': '!'\n")
    watcher.look()
    assert not may(policies), "and the next good file is taken"


@pytest.mark.parametrize("kind", ["fifo", "device", "directory"])
def test_what_is_no_regular_file_is_refused(
    kind: str, policies: Policies, watcher: PolicyWatcher, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("'a:do': role:member\n")
    watcher.look()
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
    watcher.look()
    assert may(policies), "the rules are unchanged"
    with pytest.raises(PolicyError, match=r"Not a regular file|Is a directory"):
        read_overrides(file)
    file.rename(tmp_path / "moved")
    file.write_text("'a:do': '!'\n")
    watcher.look()
    assert not may(policies), "the next valid file is used"


def test_names_of_ones_own_are_allowed_where_a_rule_uses_them() -> None:
    rules = [Rule("a:do", "role:admin")]
    Policies({"a": rules}, {"helper": "role:x", "a:do": "rule:helper"})
    Policies({"a": rules}, {"image_owners": "role:x"})  # for the image service's property rules
    with pytest.raises(PolicyError, match="did you mean 'a:do'"):
        Policies({"a": rules}, {"a:doo": "role:x"})


def test_all_rules_that_ship_are_valid() -> None:
    Policies(
        {service.type: service.policies for service in services.load()},
        {rule.name: rule.check for service in services.load() for rule in service.policies},
    )
