"""The functional tests that openstacksdk and python-openstackclient ship, run against a cloud.

They are black-box tests of a cloud as DevStack sets it up: besides the users and projects admin
and demo there are the user and project alt_demo, and names in clouds.yaml for each of them.

By hand, against any cloud:

    .venv/bin/python -m tests.interop.clients --auth-url http://127.0.0.1:5000/v3 \\
        --password SECRET --demo-password SECRET [REGULAR EXPRESSION OF TEST NAMES ...]

prints an outcome for each test; --output names a folder that keeps the whole output.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.installation import Installation

from . import stestr

FOLDER = Path(__file__).parent
# Tests of services that this cloud has; the packages hold those of others too.
PARTS = {
    "openstack": ("cloud", "compute", "identity", "image", "network", "placement"),
    "openstackclient": ("common", "compute", "identity", "image", "network"),
}
# A second project with its user, and an image of a name that tests look for, as in DevStack.
SECOND = "alt_demo"
IMAGE = "cirros-0.6.3-x86_64-disk"
# Tests of the SDK's compute part look whether there is block storage, even those without volumes.
WITH_VOLUMES = ("openstack", "compute")
# The variable that names the folder of the quick ``openstack`` command.
DOOR = "CLIENT_DOOR"


@dataclass(frozen=True)
class Cloud:
    """Where a cloud is, and the secrets of its first users."""

    auth_url: str
    admin_password: str
    demo_password: str
    image: str = "cirros"
    flavor: str = "m1.tiny"

    def entry(self, user: str, **scope: str) -> dict[str, Any]:
        """An entry of clouds.yaml."""
        password = self.admin_password if user == "admin" else self.demo_password
        auth = {"auth_url": self.auth_url, "username": user, "password": password}
        auth |= {"user_domain_id": "default", **scope}
        if "system_scope" not in scope:
            auth |= {"project_name": user, "project_domain_id": "default"}
        return {"auth": auth, "identity_api_version": "3"}

    def clouds(self) -> dict[str, Any]:
        """What stands in clouds.yaml."""
        return {
            "clouds": {
                "devstack": self.entry("demo"),
                "devstack-alt": self.entry(SECOND),
                "devstack-admin": self.entry("admin"),
                "devstack-system-admin": self.entry("admin", system_scope="all"),
            },
            "functional": {"image_name": self.image, "flavor_name": self.flavor},
        }


class Admin:
    """The administrator's requests to a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        user = {"name": "admin", "password": cloud.admin_password, "domain": {"id": "default"}}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": scope}}
        self.http = httpx.Client(timeout=60)
        answer = self.http.post(f"{cloud.auth_url}/auth/tokens", json=body).raise_for_status()
        token = answer.json()["token"]
        self.http.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self.user = token["user"]["id"]
        self.identity = cloud.auth_url
        self.image = next(
            endpoint["url"].removesuffix("/v2") + "/v2"
            for service in token["catalog"]
            for endpoint in service["endpoints"]
            if service["type"] == "image" and endpoint["interface"] == "public"
        )

    def named(self, collection: str, name: str, **values: Any) -> str:
        """The id of the one of this name, made when it is missing."""
        url = f"{self.identity}/{collection}"
        found = self.http.get(url, params={"name": name}).raise_for_status().json()[collection]
        if not found:
            new = {collection[:-1]: {"name": name, **values}}
            found = [self.http.post(url, json=new).raise_for_status().json()[collection[:-1]]]
        return str(found[0]["id"])

    def copy_image(self, name: str, copy: str) -> None:
        """Offer the image ``name`` to everybody as ``copy`` too."""
        images = self.http.get(f"{self.image}/images").raise_for_status().json()["images"]
        if any(one["name"] == copy for one in images):
            return
        (original,) = (one for one in images if one["name"] == name)
        file = self.http.get(f"{self.image}/images/{original['id']}/file").raise_for_status()
        kept = ("container_format", "disk_format", "min_disk", "min_ram")
        new = {"name": copy, "visibility": "public", **{key: original[key] for key in kept}}
        made = self.http.post(f"{self.image}/images", json=new).raise_for_status().json()
        self.http.put(
            f"{self.image}/images/{made['id']}/file",
            content=file.content,
            headers={"Content-Type": "application/octet-stream"},
        ).raise_for_status()


def complete(cloud: Cloud) -> None:
    """Make what DevStack has beyond the premade objects, where it is missing."""
    admin, domain = Admin(cloud), {"domain_id": "default"}
    project = admin.named("projects", SECOND, **domain)
    second = admin.named("users", SECOND, password=cloud.demo_password, **domain)
    roles = {name: admin.named("roles", name) for name in ("member", "admin")}
    grants = f"{cloud.auth_url}/projects/{project}/users/{second}/roles/{roles['member']}"
    admin.http.put(grants).raise_for_status()
    whole = f"{cloud.auth_url}/system/users/{admin.user}/roles/{roles['admin']}"
    admin.http.put(whole).raise_for_status()
    admin.copy_image(cloud.image, IMAGE)


@contextmanager
def block_storage_in_the_catalog(cloud: Cloud) -> Iterator[None]:
    """A service with an endpoint where nobody answers."""
    admin = Admin(cloud)
    service = admin.named("services", "nobody", type="block-storage")
    endpoint = {"service_id": service, "interface": "public", "url": "http://127.0.0.1:1/v3"}
    answer = admin.http.post(f"{cloud.auth_url}/endpoints", json={"endpoint": endpoint})
    answer.raise_for_status()
    try:
        yield
    finally:
        admin.http.delete(f"{cloud.auth_url}/services/{service}").raise_for_status()


@contextmanager
def shell(cloud: Cloud, workspace: Path) -> Iterator[dict[str, str]]:
    """An environment with clouds.yaml and a quick ``openstack`` command."""
    complete(cloud)
    config = workspace / "home/.config/openstack"
    config.mkdir(parents=True, exist_ok=True)
    (config / "clouds.yaml").write_text(json.dumps(cloud.clouds()))
    tools = stestr.installed("clients")
    env = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    env |= {"HOME": str(workspace / "home"), "OPENSTACKSDK_FUNC_TEST_TIMEOUT": "60"}
    with tempfile.TemporaryDirectory(prefix="client-door-") as door:
        server = subprocess.Popen(
            [tools / "python", FOLDER / "client_door.py", door],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,  # the client looks for its files where HOME is when it is loaded
        )
        try:
            assert server.stdout is not None and server.stdout.readline() == b"ready\n"
            yield {**env, DOOR: door}
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait()


def _suite(env: Mapping[str, str], package: str, part: str) -> stestr.Suite:
    tools, commands = stestr.installed("clients"), Path(env[DOOR])
    return stestr.Suite(tools, package, f"tests/functional/{part}", "..", commands)


def everything(workspace: Path, env: Mapping[str, str]) -> list[str]:
    """All tests of the parts that this cloud serves."""
    found: list[str] = []
    for package, parts in PARTS.items():
        for part in parts:
            found += _suite(env, package, part).names(workspace / f"{package}-{part}", env)
    return found


def run(
    cloud: Cloud,
    env: Mapping[str, str],
    names: Sequence[str],
    workspace: Path,
    workers: int = 2,
) -> stestr.Outcome:
    """Run the named tests in a ``shell``.

    Outputs are left in ``workspace``/PACKAGE-PART/output.txt.
    """
    outcome: stestr.Outcome = {}
    for package, parts in PARTS.items():
        for part in parts:
            prefix = f"{package}.tests.functional.{part}."
            wanted = [name for name in names if name.startswith(prefix)]
            if not wanted:
                continue
            place, suite = workspace / f"{package}-{part}", _suite(env, package, part)
            place.mkdir(exist_ok=True)
            (place / "CONTRIBUTING.rst").write_text("The SDK's image tests upload it.\n")
            volumes = (package, part) == WITH_VOLUMES
            with block_storage_in_the_catalog(cloud) if volumes else nullcontext():
                outcome |= suite.run(wanted, place, env, workers)
    return outcome


def listed(file: str) -> list[str]:
    """The names in a list of tests."""
    lines = (line.strip() for line in (FOLDER / file).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def lost(found: Installation, names: Sequence[str], workspace: Path) -> stestr.Outcome:
    """Those of the named tests that do not pass against a cloud, with what they do; {}: none."""
    assert names
    cloud = Cloud(found.auth_url, found.password("admin"), found.password("demo"))
    with shell(cloud, workspace) as env:
        outcome = run(cloud, env, names, workspace, workers=1)
    failed = {name: result for name, result in outcome.items() if result != "passed"}
    if failed:
        for output in workspace.glob("*/output.txt"):
            print(output.read_text()[-10000:])
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auth-url", required=True)
    parser.add_argument("--password", required=True, help="of the user admin")
    parser.add_argument("--demo-password", required=True, help="of the user demo")
    parser.add_argument("--image", default="cirros")
    parser.add_argument("--flavor", default="m1.tiny")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--output", type=Path, help="folder to keep outputs in")
    parser.add_argument("patterns", nargs="*", help="regular expressions; default: all tests")
    given = parser.parse_args()
    cloud = Cloud(given.auth_url, given.password, given.demo_password, given.image, given.flavor)
    workspace = given.output or Path(tempfile.mkdtemp(prefix="client-tests-"))
    workspace.mkdir(parents=True, exist_ok=True)
    with shell(cloud, workspace) as env:
        chosen = [
            name
            for name in everything(workspace, env)
            if not given.patterns or any(re.search(pattern, name) for pattern in given.patterns)
        ]
        outcome = run(cloud, env, chosen, workspace, given.workers)
    for name, result in sorted(outcome.items(), key=lambda item: item[::-1]):
        print(f"{result:8}{name}")
    print(f"outputs: {workspace}", file=sys.stderr)


if __name__ == "__main__":
    main()
