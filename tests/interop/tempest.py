"""OpenStack's own black-box suite, run against a cloud of the tests.

It lives in a virtual environment of its own, installed from tempest-requirements.txt.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from . import stestr

FOLDER = Path(__file__).parent


class Cloud:
    """What Tempest must be told of a cloud, asked of its public API."""

    def __init__(
        self, auth_url: str, password: str, options: Mapping[str, Mapping[str, str]]
    ) -> None:
        """``options``: further options of tempest.conf, by section."""
        self.auth_url = auth_url
        self.options = options
        self.password = password
        user = {"name": "admin", "password": password, "domain": {"id": "default"}}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": scope}}
        self.http = httpx.Client(timeout=30)
        answer = self.http.post(f"{auth_url}/auth/tokens", json=body)
        answer.raise_for_status()
        self.http.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self.urls = {
            service["type"]: endpoint["url"]
            for service in answer.json()["token"]["catalog"]
            for endpoint in service["endpoints"]
            if endpoint["interface"] == "public"
        }

    def get(self, service: str, path: str) -> Any:
        answer = self.http.get(self.urls[service] + path)
        answer.raise_for_status()
        return answer.json()


def configuration(cloud: Cloud, workspace: Path) -> configparser.RawConfigParser:
    """tempest.conf of this cloud."""
    images = cloud.get("image", "/v2/images?visibility=public&status=active")["images"]
    images = sorted((i for i in images if i["name"].startswith("cirros")), key=lambda i: i["size"])
    flavors = cloud.get("compute", "/flavors/detail")["flavors"]
    flavors = sorted(flavors, key=lambda f: (f["ram"], f["disk"]))
    networks = cloud.get("network", "/v2.0/networks?router:external=true")["networks"]
    extensions = cloud.get("network", "/v2.0/extensions")["extensions"]
    version = cloud.get("compute", "/")["version"]["version"]
    conf = configparser.RawConfigParser()
    conf.read(FOLDER / "tempest-features.ini")
    found: dict[str, dict[str, Any]] = {
        "DEFAULT": {"log_dir": workspace / "logs", "log_file": "tempest.log"},
        "oslo_concurrency": {"lock_path": workspace / "lock"},
        "auth": {
            "use_dynamic_credentials": True,
            "admin_username": "admin",
            "admin_password": cloud.password.replace("$", "$$"),
            "admin_project_name": "admin",
            "admin_domain_name": "Default",
            "admin_user_domain_name": "Default",
            "admin_project_domain_name": "Default",
        },
        "identity": {"auth_version": "v3", "uri_v3": cloud.auth_url, "uri": cloud.auth_url},
        "compute": {
            "image_ref": images[0]["id"],
            "image_ref_alt": images[-1]["id"],
            "flavor_ref": flavors[0]["id"],
            "flavor_ref_alt": flavors[1]["id"],
            "max_microversion": version,
        },
        "network": {
            "public_network_id": networks[0]["id"],
            "floating_network_name": networks[0]["name"],
        },
        "network-feature-enabled": {"api_extensions": ",".join(e["alias"] for e in extensions)},
        "service_available": {"cinder": False, "swift": False, "horizon": False},
        "validation": {"run_validation": False},
    }
    for section, values in (*found.items(), *cloud.options.items()):
        if section != "DEFAULT" and not conf.has_section(section):
            conf.add_section(section)
        for key, value in values.items():
            conf.set(section, key, str(value))
    return conf


def run(cloud: Cloud, names: Sequence[str], workspace: Path, workers: int = 2) -> stestr.Outcome:
    """Run the named tests; what did not report (a class that failed to set up) counts as failed."""
    tools = stestr.installed("tempest")
    for folder in ("etc", "logs", "lock"):
        (workspace / folder).mkdir(parents=True, exist_ok=True)
    with open(workspace / "etc" / "tempest.conf", "w") as file:
        configuration(cloud, workspace).write(file)
    env = {**os.environ, "TEMPEST_CONFIG_DIR": str(workspace / "etc")}
    suite = stestr.Suite(tools, "tempest", "test_discover", ".")
    return suite.run(names, workspace, env, workers)
