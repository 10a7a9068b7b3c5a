"""The unmodified openstack client: registered limits, limits and policy documents."""

from __future__ import annotations

from pathlib import Path

from .openstack_client import Shell


def test_a_registered_limit(admin_shell: Shell) -> None:
    made = admin_shell(
        "registered limit create --service nova --default-limit 5 --region RegionOne "
        "--description Cores cores"
    )
    assert (made["default_limit"], made["region_id"]) == (5, "RegionOne")
    for options in ("", "--service nova", "--resource-name cores", "--region RegionOne"):
        listed = admin_shell(f"registered limit list {options}")
        assert [row["ID"] for row in listed] == [made["id"]], options
    assert admin_shell("registered limit list --service glance") == []
    admin_shell(
        f"registered limit set --default-limit 7 --resource-name class:VCPU "
        f"--service glance --description Other {made['id']}"
    )
    shown = admin_shell(f"registered limit show {made['id']}")
    assert (shown["default_limit"], shown["resource_name"]) == (7, "class:VCPU")
    assert (shown["service_id"], shown["description"]) == (
        admin_shell("service show glance")["id"],
        "Other",
    )
    admin_shell(f"registered limit delete {made['id']}")
    assert admin_shell("registered limit list") == []


def test_a_limit(admin_shell: Shell) -> None:
    registered = admin_shell("registered limit create --service nova --default-limit 5 servers")
    made = admin_shell(
        "limit create --project demo --service nova --resource-limit 3 --description Few servers"
    )
    assert made["resource_limit"] == 3
    demo = admin_shell("project show demo")["id"]
    for options in ("", "--service nova", "--resource-name servers", "--project demo"):
        listed = admin_shell(f"limit list {options}")
        assert [(row["ID"], row["Project ID"]) for row in listed] == [(made["id"], demo)], options
    assert admin_shell("limit list --project admin") == []
    assert "409" in admin_shell.refused(
        "limit create --project demo --service nova --resource-limit 3 servers"
    )
    admin_shell(f"limit set --resource-limit 4 --description More {made['id']}")
    shown = admin_shell(f"limit show {made['id']}")
    assert (shown["resource_limit"], shown["description"]) == (4, "More")
    assert "403" in admin_shell.refused(f"registered limit delete {registered['id']}")
    admin_shell(f"limit delete {made['id']}")
    admin_shell(f"registered limit delete {registered['id']}")


def test_a_policy_document(admin_shell: Shell, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"default": "role:admin"}')
    made = admin_shell(f"policy create --type application/json {rules}")
    assert made["rules"] == '{"default": "role:admin"}'
    listed = admin_shell("policy list --long")
    assert [(row["ID"], row["Rules"]) for row in listed] == [(made["id"], made["rules"])]
    rules.write_text("none")
    admin_shell(f"policy set --type text/plain --rules {rules} {made['id']}")
    shown = admin_shell(f"policy show {made['id']}")
    assert (shown["type"], shown["rules"]) == ("text/plain", "none")
    admin_shell(f"policy delete {made['id']}")
    assert admin_shell("policy list") == []
