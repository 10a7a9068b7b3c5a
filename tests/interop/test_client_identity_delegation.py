"""The unmodified openstack client: trusts, application credentials, EC2 keys, other secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.installation import Installation

from .openstack_client import Shell, attempt, of_user, outside


def by_credential(cloud: Installation, credential: dict[str, Any]) -> Shell:
    """A shell that logs in with an application credential."""
    return Shell(
        {
            **outside(),
            "OS_AUTH_TYPE": "v3applicationcredential",
            "OS_AUTH_URL": cloud.auth_url,
            "OS_APPLICATION_CREDENTIAL_ID": credential["ID"],
            "OS_APPLICATION_CREDENTIAL_SECRET": credential["Secret"],
            "OS_REGION_NAME": "RegionOne",
        }
    )


def test_a_token(admin_shell: Shell, fake_cloud: Installation) -> None:
    issued = admin_shell("token issue")
    assert issued["user_id"] == admin_shell("user show admin")["id"]
    assert issued["project_id"] == admin_shell("project show admin")["id"]
    by_token = Shell(
        {
            **outside(),
            "OS_AUTH_TYPE": "v3token",
            "OS_AUTH_URL": fake_cloud.auth_url,
            "OS_TOKEN": issued["id"],
            "OS_PROJECT_ID": issued["project_id"],
        }
    )
    assert by_token("token issue")["user_id"] == issued["user_id"]
    admin_shell(f"token revoke {issued['id']}")
    assert "HTTP 404" in by_token.refused("token issue")


def test_system_and_domain_scope(admin_shell: Shell) -> None:
    issued = attempt("--os-system-scope all token issue -f json", plain(admin_shell))
    assert json.loads(issued.out)["system"] == "all", issued.err
    issued = attempt("--os-domain-name Default token issue -f json", plain(admin_shell))
    assert json.loads(issued.out)["domain_id"] == "default", issued.err


def plain(shell: Shell) -> dict[str, str]:
    """The variables of the same user without any scope."""
    auth = {
        name.removeprefix("auth."): value
        for name, value in shell("configuration show --unmask").items()
        if name.startswith("auth.")
    }
    return {
        **outside(),
        "OS_AUTH_URL": auth["auth_url"],
        "OS_USERNAME": auth["username"],
        "OS_PASSWORD": auth["password"],
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_IDENTITY_API_VERSION": "3",
    }


def test_a_trust(admin_shell: Shell, fake_cloud: Installation) -> None:
    demo = Shell(of_user(fake_cloud, "demo"))
    ids = {name: admin_shell(f"user show {name}")["id"] for name in ("admin", "demo")}
    project, role = (admin_shell(line)["id"] for line in ("project show demo", "role show member"))
    made = demo(
        f"trust create --project {project} --role {role} --impersonate "
        f"--expiration 2035-01-01T00:00:00 {ids['demo']} {ids['admin']}"
    )
    assert made["is_impersonation"] is True
    assert made["expires_at"].startswith("2035-01-01")
    assert made["trustor_user_id"] == ids["demo"]
    assert demo(f"trust show {made['id']}")["trustee_user_id"] == ids["admin"]
    assert [row["ID"] for row in admin_shell("trust list")] == [made["id"]]
    by_trustor = admin_shell(f"trust list --trustor {ids['demo']}")
    assert [row["ID"] for row in by_trustor] == [made["id"]]
    assert admin_shell(f"trust list --trustee {ids['demo']}") == []
    assert [row["ID"] for row in demo("trust list --auth-user")] == [made["id"]]
    trusted = Shell({**plain(admin_shell), "OS_TRUST_ID": made["id"]})
    issued = trusted("token issue")
    assert issued["user_id"] == ids["demo"]
    assert issued["project_id"] == made["project_id"]
    demo(f"trust delete {made['id']}")
    assert admin_shell("trust list") == []
    assert "HTTP 401" in trusted.refused("token issue")


def test_an_application_credential(fake_cloud: Installation) -> None:
    demo = Shell(of_user(fake_cloud, "demo"))
    made = demo(
        "application credential create --role reader --secret s3cret-words "
        "--expiration 2035-01-01T00:00:00 --description Robot --unrestricted robot"
    )
    assert ([role["name"] for role in made["Roles"]], made["Unrestricted"]) == (["reader"], True)
    assert made["Secret"] == "s3cret-words"
    assert made["Expires At"].startswith("2035-01-01")
    robot = by_credential(fake_cloud, made)
    issued = robot("token issue")
    assert issued["project_id"] == made["Project ID"]
    assert robot("server list") == []
    nested = robot("application credential create --role reader child")
    assert demo.names("application credential list") == {"robot", "child"}
    shown = demo("application credential show robot")
    assert (shown["ID"], shown["Description"]) == (made["ID"], "Robot")
    demo(f"application credential delete {nested['ID']} robot")
    assert demo("application credential list") == []
    assert "401" in robot.refused("token issue")


def test_a_restricted_application_credential(fake_cloud: Installation, tmp_path: Path) -> None:
    demo = Shell(of_user(fake_cloud, "demo"))
    rules = tmp_path / "rules.json"
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/flavors/detail"}
    rules.write_text(json.dumps([rule]))
    made = demo(f"application credential create --restricted --access-rules {rules} lookout")
    lookout = by_credential(fake_cloud, made)
    assert lookout("flavor list")
    assert "401" in lookout.refused("server list")
    assert lookout.refused("application credential create another")
    (listed,) = demo("access rule list")
    assert {name.lower(): listed[name] for name in ("Service", "Method", "Path")} == rule
    shown = demo(f"access rule show {listed['ID']}")
    assert shown["Path"] == rule["path"]
    assert "403" in demo.refused(f"access rule delete {listed['ID']}")
    demo("application credential delete lookout")
    demo(f"access rule delete {listed['ID']}")
    assert demo("access rule list") == []


def test_ec2_credentials(admin_shell: Shell, fake_cloud: Installation) -> None:
    demo = Shell(of_user(fake_cloud, "demo"))
    made = demo("ec2 credentials create")
    assert made["access"] and made["secret"]
    assert [row["Access"] for row in demo("ec2 credentials list")] == [made["access"]]
    assert demo(f"ec2 credentials show {made['access']}")["secret"] == made["secret"]
    other = admin_shell("ec2 credentials create --user demo --project demo")
    assert len(admin_shell("ec2 credentials list --user demo")) == 2
    demo(f"ec2 credentials delete {made['access']}")
    admin_shell(f"ec2 credentials delete --user demo {other['access']}")
    assert demo("ec2 credentials list") == []


def test_a_credential(admin_shell: Shell) -> None:
    made = admin_shell("credential create --type cert --project demo demo 'first secret'")
    assert (made["type"], made["blob"]) == ("cert", "first secret")
    assert [row["ID"] for row in admin_shell("credential list --type cert")] == [made["id"]]
    assert [row["Data"] for row in admin_shell("credential list --user demo")] == ["first secret"]
    # `credential set` sends user and type as well, which the service of this release refuses
    shown = admin_shell(f"credential show {made['id']}")
    assert (shown["type"], shown["blob"]) == ("cert", "first secret")
    assert shown["project_id"] == admin_shell("project show demo")["id"]
    admin_shell(f"credential delete {made['id']}")
    assert admin_shell("credential list --user demo") == []
