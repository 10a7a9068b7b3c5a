"""The unmodified openstack client: domains, and projects with their tree and tags."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .openstack_client import Shell


@pytest.fixture
def domain(admin_shell: Shell) -> Iterator[str]:
    admin_shell("domain create --description Physics physics")
    yield "physics"
    admin_shell("domain set --disable physics")
    admin_shell("domain delete physics")


def test_a_domain(admin_shell: Shell) -> None:
    made = admin_shell("domain create --description 'A domain' --immutable --disable chemistry")
    assert made["name"] == "chemistry"
    assert made["enabled"] is False
    assert made["options"] == {"immutable": True}
    assert admin_shell("domain show chemistry") == made
    assert admin_shell("domain create --or-show chemistry")["id"] == made["id"]
    assert "409" in admin_shell.refused("domain create chemistry")
    assert admin_shell.names("domain list --name chemistry") == {"chemistry"}
    assert "chemistry" not in admin_shell.names("domain list --enabled")
    assert "immutable" in admin_shell.refused("domain set --name biology chemistry")
    admin_shell("domain set --no-immutable chemistry")
    admin_shell("domain set --name biology --description new --enable chemistry")
    shown = admin_shell(f"domain show {made['id']}")
    assert (shown["name"], shown["description"], shown["enabled"]) == ("biology", "new", True)
    assert "disable it first" in admin_shell.refused("domain delete biology")
    admin_shell("domain set --disable biology")
    admin_shell("domain delete biology")
    assert "biology" not in admin_shell.names("domain list")
    assert "No Domain found" in admin_shell.refused("domain show biology")


def test_a_project(admin_shell: Shell, domain: str) -> None:
    made = admin_shell(
        "project create --domain physics --description Lab --property room=12 "
        "--tag red --tag blue lab"
    )
    assert (made["description"], made["room"], made["tags"]) == ("Lab", "12", ["blue", "red"])
    again = admin_shell("project create --domain physics --or-show lab")
    assert again["id"] == made["id"]
    admin_shell(
        "project set --domain physics --name lab2 --description Room --property room=13 "
        f"--tag green --disable {made['id']}"
    )
    admin_shell(f"project set --remove-tag red {made['id']}")
    shown = admin_shell("project show --domain physics lab2")
    assert (shown["description"], shown["room"], shown["enabled"]) == ("Room", "13", False)
    assert shown["tags"] == ["blue", "green"]
    admin_shell(f"project set --clear-tags --enable --immutable {made['id']}")
    assert admin_shell("project show --domain physics lab2")["tags"] == []
    assert "immutable" in admin_shell.refused("project delete --domain physics lab2")
    admin_shell(f"project set --no-immutable {made['id']}")
    admin_shell("project delete --domain physics lab2")
    assert admin_shell("project list --domain physics") == []


def test_the_tree_of_projects(admin_shell: Shell, domain: str) -> None:
    lab = admin_shell("project create --domain physics lab")["id"]
    team = admin_shell("project create --domain physics --parent lab team")["id"]
    task = admin_shell(f"project create --domain physics --parent {team} task")["id"]
    domain_id = admin_shell("domain show physics")["id"]
    shown = admin_shell("project show --parents --domain physics task")
    assert shown["parents"] == {team: {lab: {domain_id: None}}}
    shown = admin_shell("project show --children --domain physics lab")
    assert shown["subtree"] == {team: {task: None}}
    assert admin_shell.names("project list --domain physics --parent lab") == {"team"}
    assert "subtree" in admin_shell.refused(f"project set --disable {lab}")
    assert "leaf" in admin_shell.refused(f"project delete {lab}")
    admin_shell(f"project delete {task} {team} {lab}")


def test_lists_of_projects(admin_shell: Shell, domain: str) -> None:
    for tags, name in (("--tag red --tag blue", "a"), ("--tag red", "b"), ("--disable", "c")):
        admin_shell(f"project create --domain physics {tags} {name}")
    names = {
        "": {"a", "b", "c"},
        "--tags red": {"a", "b"},
        "--tags red,blue": {"a"},
        "--tags-any red,blue": {"a", "b"},
        "--not-tags red,blue": {"b", "c"},
        "--not-tags-any red,blue": {"c"},
        "--enabled": {"a", "b"},
        "--disabled": {"c"},
        "--long": {"a", "b", "c"},
    }
    for options, wanted in names.items():
        assert admin_shell.names(f"project list --domain physics {options}") == wanted, options
    downwards = admin_shell("project list --domain physics --sort name:desc")
    assert [row["Name"] for row in downwards] == ["c", "b", "a"]
    assert "admin" in admin_shell.names("project list --my-projects")
    assert "demo" in admin_shell.names("project list --user demo")
    for name in "abc":
        admin_shell(f"project delete --domain physics {name}")
