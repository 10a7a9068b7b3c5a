"""The unmodified openstack client: ways to log in."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stratolith.identity.managers.login.totp import passcode
from tests.installation import Installation

from .openstack_client import Shell, outside


def sourced(script: str) -> dict[str, str]:
    """The environment of a shell that sourced a file."""
    done = subprocess.run(
        ["bash", "-c", f"set -e; . {script}; env -0"],
        capture_output=True,
        text=True,
        env=outside(),
        check=True,
    )
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0") if "=" in entry)


@pytest.mark.parametrize("user", ["admin", "demo"])
@pytest.mark.parametrize("name", ["keystonerc_{}", "{}-openrc.sh"])
def test_files_to_source(fake_cloud: Installation, name: str, user: str) -> None:
    """Also the old kind of file, which says OS_TENANT_NAME."""
    env = sourced(str(fake_cloud.state_dir / name.format(user)))
    if name.startswith("keystonerc"):
        assert env["OS_TENANT_NAME"] == user
        del env["OS_PROJECT_NAME"]  # as an old file has it
    shell = Shell(env)
    assert shell("token issue")["user_id"]
    assert isinstance(shell("server list"), list)
    (image,) = (row for row in shell("image list") if row["Name"] == "cirros")
    assert image["Status"] == "active"


@dataclass(frozen=True)
class Totp:
    """A user whose one-time secret we hold."""

    cloud: Installation
    name: str
    password: str
    secret: str

    def passcode(self) -> str:
        """The one of now; waits when this window's is about to end."""
        if time.time() % 30 > 25:
            time.sleep(6)
        code = passcode(self.secret, time.time())
        assert code is not None
        return code

    def shell(self, auth_type: str, **more: str) -> Shell:
        return Shell(
            {
                **outside(),
                "OS_AUTH_TYPE": auth_type,
                "OS_AUTH_URL": self.cloud.auth_url,
                "OS_USERNAME": self.name,
                "OS_USER_DOMAIN_ID": "default",
                "OS_PROJECT_NAME": "demo",
                "OS_PROJECT_DOMAIN_ID": "default",
                "OS_IDENTITY_API_VERSION": "3",
                **more,
            }
        )


@pytest.fixture
def user(admin_shell: Shell, fake_cloud: Installation) -> Iterator[Totp]:
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    found = Totp(fake_cloud, "otto", "otto-secret", secret)
    admin_shell(
        f"user create --domain default --password {found.password} "
        f"--ignore-lockout-failure-attempts {found.name}"
    )
    admin_shell(f"role add --project demo --user {found.name} member")
    admin_shell(f"credential create --type totp {found.name} {secret}")
    yield found
    admin_shell(f"user delete {found.name}")


def test_a_one_time_passcode(user: Totp) -> None:
    code = user.passcode()
    shell = user.shell("v3totp", OS_PASSCODE=code)
    assert shell("token issue")["project_id"]
    assert "401" in shell.refused("token issue"), "a passcode counts once"
    assert "401" in user.shell("v3totp", OS_PASSCODE="000000").refused("token issue")


def test_several_factors(admin_shell: Shell, user: Totp, tmp_path: Path) -> None:
    admin_shell(
        f"user set --enable-multi-factor-auth --multi-factor-auth-rule password,totp {user.name}"
    )
    one = user.shell("v3password", OS_PASSWORD=user.password)
    assert "[['password', 'totp']]" in one.refused("token issue")
    clouds = tmp_path / "clouds.yaml"
    auth = {
        "auth_url": user.cloud.auth_url,
        "username": user.name,
        "user_domain_id": "default",
        "project_name": "demo",
        "project_domain_id": "default",
        "password": user.password,
        "passcode": user.passcode(),
    }
    entry = {
        "auth_type": "v3multifactor",
        "auth_methods": ["v3password", "v3totp"],
        "auth": auth,
    }
    clouds.write_text(json.dumps({"clouds": {"both": entry}}))
    both = Shell({**outside(), "OS_CLIENT_CONFIG_FILE": str(clouds), "OS_CLOUD": "both"})
    assert both("token issue")["project_id"]
    assert "401" in both.refused("token issue"), "the passcode was used"
