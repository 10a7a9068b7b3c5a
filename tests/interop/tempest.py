"""OpenStack's own black-box suite, run against a cloud of the tests.

Tempest lives in a virtual environment of its own (.cache/tempest), since it pins libraries
that the package does not want. It is installed once, from tempest-requirements.txt.
"""

from __future__ import annotations

import configparser
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

FOLDER = Path(__file__).parent
CACHE = FOLDER.parents[1] / ".cache" / "tempest"
REQUIREMENTS = FOLDER / "tempest-requirements.txt"
Outcome = dict[str, str]  # test name -> passed, failed or skipped


def installed() -> Path:
    """The environment's bin directory, made when it is missing or old."""
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = CACHE / "stamp"
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            base = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
            subprocess.run([base, "-m", "venv", "--clear", CACHE / "venv"], check=True)
            pip: list[str | Path] = [CACHE / "venv/bin/python", "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
            stamp.write_text(wanted)
    return CACHE / "venv" / "bin"


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


def run(cloud: Cloud, names: Sequence[str], workspace: Path, workers: int = 2) -> Outcome:
    """Run the named tests; what did not report (a class that failed to set up) counts as failed."""
    tools = installed()
    for folder in ("etc", "logs", "lock"):
        (workspace / folder).mkdir(parents=True, exist_ok=True)
    with open(workspace / "etc" / "tempest.conf", "w") as file:
        configuration(cloud, workspace).write(file)
    env = {
        **os.environ,
        "PATH": f"{tools}:{os.environ.get('PATH', '')}",
        "PYTHON": str(tools / "python"),
        "TEMPEST_CONFIG_DIR": str(workspace / "etc"),
        "OS_TEST_TIMEOUT": "300",
    }
    top = subprocess.run(
        [tools / "python", "-c", "import tempest; print(tempest.__path__[0])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (workspace / ".stestr.conf").write_text(
        f"[DEFAULT]\ntest_path={top}/test_discover\ntop_dir={top}\ngroup_regex=([^\\.]*\\.)*\n"
    )
    subprocess.run([tools / "stestr", "init"], cwd=workspace, env=env, check=True)
    known = subprocess.run(
        [tools / "stestr", "list"], cwd=workspace, env=env, capture_output=True, text=True
    ).stdout.split("\n")
    ids = {plain(one): one for one in known if re.match(r"\w+\.\S", one)}
    wanted = workspace / "wanted.txt"
    wanted.write_text("".join(ids[name] + "\n" for name in names if name in ids))
    command: list[str | Path] = [
        tools / "stestr",
        "run",
        "--load-list",
        wanted,
        "--concurrency",
        str(workers),
    ]
    with open(workspace / "output.txt", "w") as output:
        subprocess.run(command, cwd=workspace, env=env, stdout=output, stderr=subprocess.STDOUT)
    return _outcomes(tools, workspace, env, names)


def plain(test_id: str) -> str:
    """tempest.x.Class.test_y[id-...,smoke] -> tempest.x.Class.test_y"""
    name, bracket, rest = test_id.partition("[")
    return name + rest.partition("]")[2] if bracket else name


READ = """
import json, subprocess, sys
import subunit, testtools
found = {}
def take(test):
    status = {"success": "passed", "skip": "skipped"}.get(test["status"], "failed")
    if test["status"] not in ("exists", "inprogress"):
        found[test["id"]] = status
sink = testtools.StreamToDict(take)
sink.startTestRun()
subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="stdout").run(sink)
sink.stopTestRun()
print(json.dumps(found))
"""


def _outcomes(tools: Path, workspace: Path, env: dict[str, str], names: Sequence[str]) -> Outcome:
    stream = subprocess.run(
        [tools / "stestr", "last", "--subunit"], cwd=workspace, env=env, capture_output=True
    ).stdout
    text = subprocess.run(
        [tools / "python", "-c", READ], input=stream, capture_output=True, check=True
    ).stdout
    reported = json.loads(text)
    by_name = {plain(test_id): status for test_id, status in reported.items()}
    classes = {
        match[1]: status
        for test_id, status in reported.items()
        if (match := re.match(r"setUpClass \((.+?)\)", test_id))
    }
    return {
        name: by_name.get(name, classes.get(name.rpartition(".")[0], "failed")) for name in names
    }
