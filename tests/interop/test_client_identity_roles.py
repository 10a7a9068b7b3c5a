"""The unmodified openstack client: roles, implied roles and role assignments."""

from __future__ import annotations

from typing import Any

from .openstack_client import Shell


def test_a_role(admin_shell: Shell) -> None:
    made = admin_shell("role create --description Watches --immutable watcher")
    assert (made["name"], made["description"], made["domain_id"]) == ("watcher", "Watches", None)
    assert admin_shell("role create --or-show watcher")["id"] == made["id"]
    assert "409" in admin_shell.refused("role create watcher")
    assert "immutable" in admin_shell.refused("role set --name seer watcher")
    admin_shell("role set --no-immutable watcher")
    admin_shell("role set --name seer --description Sees watcher")
    assert admin_shell("role show seer") == {**made, "name": "seer", "description": "Sees"}
    assert "seer" in admin_shell.names("role list")
    admin_shell("role delete seer")
    assert "seer" not in admin_shell.names("role list")


def test_a_role_of_a_domain(admin_shell: Shell) -> None:
    made = admin_shell("role create --domain default local")
    assert made["domain_id"] == "default"
    assert "local" not in admin_shell.names("role list")
    assert admin_shell.names("role list --domain default") == {"local"}
    admin_shell("role set --domain default --name nearby local")
    assert admin_shell("role show --domain default nearby")["id"] == made["id"]
    admin_shell("role add --user demo --domain default --role-domain default nearby")
    wanted = "role assignment list --role nearby --role-domain default --names"
    rows = admin_shell(wanted)
    assert [(row["Role"], row["Domain"]) for row in rows] == [("nearby@Default", "Default")]
    admin_shell("role remove --user demo --domain default --role-domain default nearby")
    assert admin_shell(wanted) == []
    admin_shell("role delete --domain default nearby")


def test_implied_roles(admin_shell: Shell) -> None:
    admin_shell("role create operator")
    operator = admin_shell("role show operator")["id"]
    member = admin_shell("role show member")["id"]
    made = admin_shell("implied role create operator --implied-role member")
    assert made == {"implies": member, "prior_role": operator}
    pairs = {
        (row["Prior Role Name"], row["Implied Role Name"])
        for row in admin_shell("implied role list")
    }
    assert {("operator", "member"), ("member", "reader"), ("admin", "manager")} <= pairs
    admin_shell("role add --user demo --domain default operator")
    rows = admin_shell("role assignment list --user demo --domain default --effective --names")
    assert {row["Role"] for row in rows} == {"operator", "member", "reader"}
    admin_shell("implied role delete operator --implied-role member")
    rows = admin_shell("role assignment list --user demo --domain default --effective --names")
    assert {row["Role"] for row in rows} == {"operator"}
    admin_shell("role delete operator")


def test_assignments_on_everything(admin_shell: Shell) -> None:
    """Users and groups on a project, a domain and the system, inherited or not."""
    admin_shell("user create --domain default ula")
    admin_shell("group create union")
    admin_shell("group add user union ula")
    places = ("--project demo", "--domain default", "--system all")
    for actor in ("--user ula", "--group union"):
        for place in places:
            admin_shell(f"role add {actor} {place} reader")
            rows = admin_shell(f"role assignment list {actor} {place} --names")
            assert [row["Role"] for row in rows] == ["reader"], (actor, place)
        admin_shell(f"role add {actor} --domain default --inherited member")
        rows = admin_shell(f"role assignment list {actor} --domain default --inherited --names")
        assert [(row["Role"], row["Inherited"]) for row in rows] == [("member", True)]
    assert len(admin_shell("role assignment list --user ula")) == 4
    effective = admin_shell("role assignment list --user ula --effective --names")
    assert {(row["Role"], row["Project"]) for row in effective} >= {
        ("reader", "demo@Default"),
        ("member", "demo@Default"),
        ("member", "admin@Default"),
    }
    for actor in ("--user ula", "--group union"):
        for place in places:
            admin_shell(f"role remove {actor} {place} reader")
        admin_shell(f"role remove {actor} --domain default --inherited member")
    assert admin_shell("role assignment list --user ula --effective") == []
    admin_shell("user delete ula")
    admin_shell("group delete union")


def test_lists_of_assignments(admin_shell: Shell) -> None:
    def rows(options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = admin_shell(f"role assignment list --names {options}")
        return found

    assert {row["Role"] for row in rows("--role admin")} == {"admin"}
    assert {row["User"] for row in rows("--system all")} == {"admin@Default"}
    mine = rows("--auth-user --auth-project")
    assert {(row["Role"], row["Project"]) for row in mine} == {("admin", "admin@Default")}
    plain = admin_shell("role assignment list --project demo")
    assert {row["Project"] for row in plain} == {admin_shell("project show demo")["id"]}
    shown = rows("--project demo --user demo --effective")
    assert {row["Role"] for row in shown} >= {"member", "reader"}
