"""Passwords of a cloud and the files from which clients read them: clouds.yaml and openrc."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

import yaml

from stratolith.deploy import files, personal
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.kernel.bootstrap import read_seed
from stratolith.kernel.config import ApiSection, CloudSection, Settings

SECRET_NAMES = [
    "admin_password",
    "demo_password",
    "service_password",
    "metadata_secret",
    "database_key",  # encrypts the keys that servers share through PostgreSQL
]
KOLLA_CLOUD = "kolla-admin"  # the name of the administrator's entry in Kolla's scripts
USERS = {"admin": "stratolith-admin", "demo": "stratolith"}  # user -> its entry in clouds.yaml
IDENTITY_PORT = 5000


@dataclass(frozen=True)
class Access:
    """How a client reaches the cloud."""

    auth_url: str
    region: str
    passwords: dict[str, str]


def load_secrets(layout: Layout) -> dict[str, str]:
    """The secrets of the cloud; raises DeployError when they cannot be read."""
    try:
        values = json.loads(layout.secrets.read_text())
    except FileNotFoundError:
        raise DeployError(f"{layout.secrets} is missing.", "run `stratolith up`") from None
    except PermissionError:
        raise DeployError(f"{layout.secrets} is not readable.", "run this with sudo") from None
    except ValueError as error:
        raise DeployError(
            f"{layout.secrets} is damaged: {error}.",
            "restore it from a backup; without it nobody can log in",
        ) from None
    return {str(name): str(value) for name, value in values.items()}


def has_all_secrets(layout: Layout) -> bool:
    if not layout.secrets.exists() or layout.secrets.stat().st_mode & 0o077:
        return False
    return set(SECRET_NAMES) <= set(load_secrets(layout))


def make_secrets(layout: Layout) -> None:
    """Generate missing secrets, keep existing ones; only the owner may read the file."""
    known = load_secrets(layout) if layout.secrets.exists() else {}
    for name in SECRET_NAMES:
        known.setdefault(name, secrets.token_urlsafe(24))
    files.write(layout.secrets, json.dumps(known, indent=2) + "\n", mode=0o600)


def api_address(settings: Settings) -> str:
    """The address of this host by which its own commands reach the APIs."""
    listen = settings.of(ApiSection).listen
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(
        listen, f"[{listen}]" if ":" in listen else listen
    )


def auth_url(settings: Settings) -> str:
    """The URL at which clients log in."""
    api, cloud = settings.of(ApiSection), settings.of(CloudSection)
    if cloud.public_url:
        return f"{cloud.public_url.rstrip('/')}/identity/v3"
    if api.single_port:
        return f"http://{api_address(settings)}:{api.port}/identity/v3"
    return f"http://{api_address(settings)}:{IDENTITY_PORT + api.port_offset}/v3"


def access(layout: Layout, settings: Settings) -> Access:
    known = load_secrets(layout)
    passwords = {user: known.get(f"{user}_password", "") for user in USERS}
    return Access(auth_url(settings), settings.of(CloudSection).region, passwords)


def openrc(user: str, access: Access) -> str:
    """A shell file that sets the client's variables for one user."""
    values = {
        "OS_AUTH_URL": access.auth_url,
        "OS_USERNAME": user,
        "OS_PASSWORD": access.passwords[user],
        "OS_PROJECT_NAME": user,
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": access.region,
        "OS_INTERFACE": "public",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_AUTH_TYPE": "password",
    }
    lines = ["# Source this file: . " + f"{user}-openrc.sh", "unset OS_CLOUD OS_TOKEN"]
    # Generated passwords are URL-safe; single quotes keep any other from the shell.
    lines += [f"export {name}={_quote(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def keystonerc(user: str, access: Access) -> str:
    """openrc for older tools: names the project also by the old variable OS_TENANT_NAME."""
    lines = openrc(user, access).splitlines()
    lines[0] = f"# Source this file: . keystonerc_{user}"
    return "\n".join([*lines, f"export OS_TENANT_NAME={_quote(user)}"]) + "\n"


def seeded_names(layout: Layout) -> str:
    """Which set of names the cloud was created with: stratolith or kolla."""
    return read_seed(layout.seed).names


def clouds_yaml(layout: Layout, access: Access) -> str:
    """The client configuration with an entry for each user."""
    document = {"clouds": {name: _cloud(user, access) for user, name in USERS.items()}}
    if seeded_names(layout) == "kolla":
        document["clouds"][KOLLA_CLOUD] = _cloud("admin", access)
    return personal.marked(layout.state_dir, yaml.safe_dump(document, sort_keys=False))


def _cloud(user: str, access: Access) -> dict[str, Any]:
    return {
        "auth": {
            "auth_url": access.auth_url,
            "username": user,
            "password": access.passwords[user],
            "project_name": user,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": access.region,
        "interface": "public",
        "identity_api_version": 3,
    }


def _quote(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
