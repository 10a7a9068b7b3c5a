"""The unmodified openstack client: users, their options and passwords; groups and members."""

from __future__ import annotations

from tests.installation import Installation

from .openstack_client import Shell, attempt, outside


def password_shell(cloud: Installation, user: str, password: str, project: str) -> Shell:
    """A shell with the variables of a user who logs in by password."""
    return Shell(
        {
            **outside(),
            "OS_AUTH_URL": cloud.auth_url,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_USERNAME": user,
            "OS_PASSWORD": password,
            "OS_PROJECT_NAME": project,
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_DOMAIN_ID": "default",
        }
    )


def test_a_user(admin_shell: Shell) -> None:
    made = admin_shell(
        "user create --domain default --password secret-12 --email eve@example.org "
        "--description Eve --project demo --ignore-lockout-failure-attempts "
        "--ignore-password-expiry --ignore-change-password-upon-first-use "
        "--enable-lock-password --enable-multi-factor-auth "
        "--multi-factor-auth-rule password --multi-factor-auth-rule password,totp eve"
    )
    assert made["email"] == "eve@example.org"
    assert made["options"] == {
        "ignore_lockout_failure_attempts": True,
        "ignore_password_expiry": True,
        "ignore_change_password_upon_first_use": True,
        "lock_password": True,
        "multi_factor_auth_enabled": True,
        "multi_factor_auth_rules": [["password"], ["password", "totp"]],
    }
    assert admin_shell("user show eve")["default_project_id"] == made["default_project_id"]
    assert admin_shell("user create --or-show eve")["id"] == made["id"]
    admin_shell(
        "user set --name eva --email eva@example.org --description Eva --disable "
        "--no-ignore-lockout-failure-attempts --no-ignore-password-expiry "
        "--no-ignore-change-password-upon-first-use --disable-lock-password "
        "--disable-multi-factor-auth --project admin eve"
    )
    shown = admin_shell("user show eva")
    assert (shown["email"], shown["description"]) == ("eva@example.org", "Eva")
    assert shown["enabled"] is False
    options = shown["options"]
    assert set(options) - {"multi_factor_auth_rules"} <= {n for n, v in options.items() if not v}
    assert shown["default_project_id"] == admin_shell("project show admin")["id"]
    admin_shell("user delete eva")
    assert "No User found" in admin_shell.refused("user show eva")


def test_lists_of_users(admin_shell: Shell) -> None:
    admin_shell("group create listed")
    for name in ("ann", "bob", "cid"):
        admin_shell(f"user create --domain default {name}")
    admin_shell("user set --disable cid")
    admin_shell("group add user listed ann bob")
    admin_shell("role add --project demo --user ann reader")
    assert {"ann", "bob", "cid"} <= admin_shell.names("user list --domain default --long")
    assert {"ann", "bob"} <= admin_shell.names("user list --enabled")
    assert admin_shell.names("user list --disabled") == {"cid"}
    assert admin_shell.names("user list --group listed") == {"ann", "bob"}
    assert {"ann", "demo"} <= admin_shell.names("user list --project demo")
    everybody = [row["ID"] for row in admin_shell("user list")]
    assert [row["ID"] for row in admin_shell("user list --limit 2")] == everybody
    page = admin_shell("user list --max-items 2")
    assert [row["ID"] for row in page] == everybody[:2]
    rest = admin_shell(f"user list --marker {everybody[1]}")
    assert [row["ID"] for row in rest] == everybody[2:]
    admin_shell("user delete ann bob cid")
    admin_shell("group delete listed")


def test_passwords(admin_shell: Shell, fake_cloud: Installation) -> None:
    admin_shell(
        "user create --domain default --password first-secret --ignore-lockout-failure-attempts pat"
    )
    admin_shell("role add --project demo --user pat member")
    pat = password_shell(fake_cloud, "pat", "first-secret", "demo")
    assert pat("token issue")["project_id"]
    pat("user password set --original-password first-secret --password second-secret")
    assert "401" in pat.refused("token issue")
    pat = pat.has(OS_PASSWORD="second-secret")
    assert pat("token issue")["project_id"]
    assert "401" in pat.refused("user password set --original-password wrong --password third-one")
    admin_shell("user set --password given-by-admin pat")
    assert "401" in pat.refused("token issue")
    assert pat.has(OS_PASSWORD="given-by-admin")("token issue")["project_id"]
    admin_shell("user delete pat")


def test_a_group(admin_shell: Shell) -> None:
    made = admin_shell("group create --domain default --description Staff staff")
    assert made["description"] == "Staff"
    assert admin_shell("group create --or-show staff")["id"] == made["id"]
    admin_shell("user create --domain default gus")
    admin_shell("group add user staff gus demo")
    assert admin_shell.names("group list --user gus") == {"staff"}
    listed = admin_shell("group list --domain default --long")
    assert {"ID", "Name", "Domain ID", "Description"} == set(listed[0])
    admin_shell("group remove user staff demo")
    assert admin_shell.names("user list --group staff") == {"gus"}
    admin_shell("group set --name crew --description Crew staff")
    shown = admin_shell("group show crew")
    assert (shown["id"], shown["description"]) == (made["id"], "Crew")
    admin_shell("user delete gus")
    assert admin_shell("user list --group crew") == []
    admin_shell("group delete crew")
    assert "No Group found" in admin_shell.refused("group show crew")


def test_whether_a_user_is_in_a_group(admin_shell: Shell) -> None:
    admin_shell("group create asked")
    admin_shell("group add user asked demo")
    said = attempt("group contains user asked demo", admin_shell.env)
    assert said.out.strip() == "demo in group asked"
    said = attempt("group contains user asked admin", admin_shell.env)
    assert said.err.strip() == "admin not in group asked"
    admin_shell("group delete asked")
