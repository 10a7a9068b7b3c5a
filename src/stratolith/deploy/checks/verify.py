"""`verify`: the self test: creates a real server on a tenant network, tests and deletes it.

It uses the public APIs as user demo, like any client. Its objects have a name of their own and are
deleted also when the test fails.
"""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient, wait_for
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.deploy.steps import Report
from stratolith.deploy.supervision import running

CIDR = "10.254.254.0/28"  # of its own tenant network, so it conflicts with no other
ACTIVE_SECONDS = 60.0
LOGIN_SECONDS = 120.0
GONE_SECONDS = 30.0
CLOSED_PORT = 8080
PROBE_SECONDS = 1.5
DEFAULT_USER = "cirros"

Json = dict[str, Any]


def verify(layout: Layout, report: Report, *, keep: bool) -> int:
    """Run the self test; 0 when all of it passes. Raises DeployError at the first failure."""
    settings = layout.settings()
    if missing := running.missing_doors(settings):
        raise DeployError(f"The cloud is not ready: {missing[0]}.", "stratolith up")
    client = ApiClient(credentials.access(layout, settings), "demo")
    begun = time.monotonic()
    with ExitStack() as clean_up:
        test = SelfTest(client, report, clean_up)
        try:
            test.run(is_fake=settings.fake)
        except DeployError:
            test.explain()
            raise
        finally:
            if keep:
                clean_up.pop_all()
                report.say(f"Kept: everything named {test.name}")
    report.say(f"The cloud works ({time.monotonic() - begun:.1f} s).")
    return 0


class SelfTest:
    """One run; the deletion of each object is registered when it is created."""

    def __init__(self, client: ApiClient, report: Report, clean_up: ExitStack) -> None:
        self.client = client
        self.report = report
        self.clean_up = clean_up
        self.name = f"verify-{secrets.token_hex(4)}"
        self.server_id = ""
        self.key = Path(clean_up.enter_context(tempfile.TemporaryDirectory())) / "key"

    def run(self, *, is_fake: bool) -> None:
        self._step("Log in as demo", self.client.log_in)
        network_id, subnet_id = self._step("Network, subnet, router", self._make_network)
        group_id = self._step("Security group: SSH in, nothing else", self._make_group)
        self._step("Server", lambda: self._make_server(network_id, subnet_id, group_id))
        address = self._step("Floating IP", self._make_floating_ip)
        if is_fake:
            self.report.say("Simulated hosts: no login to test")
            return
        self._step(f"Login by SSH to {address}", lambda: self._log_in(address))
        self._step("Metadata in the guest", lambda: self._check_metadata(address))
        self._step("A closed port is closed", lambda: self._require_closed(address))
        self._step("An opened port is open", lambda: self._require_openable(address, group_id))

    def explain(self) -> None:
        """Print the end of the guest's console, if there is a guest."""
        if not self.server_id:
            return
        try:
            path = f"/servers/{self.server_id}/action"
            answer = self.client.post("compute", path, {"os-getConsoleOutput": {"length": 15}})
            self.report.say("The server's console ends with:")
            for line in answer["output"].splitlines():
                self.report.say(f"    {line}")
        except DeployError:
            pass  # the first error is the one to show

    def _step(self, name: str, run: Callable[[], Any]) -> Any:
        begun = time.monotonic()
        with self.report.ticking(name):
            result = run()
        self.report.say(f"{name}: ok ({time.monotonic() - begun:.1f} s)")
        return result

    def _make(self, service: str, path: str, kind: str, body: Json) -> Json:
        """Create an object and register its deletion; for plain REST resources."""
        made: Json = self.client.post(service, path, {kind: body})[kind]
        self.clean_up.callback(self.client.delete, service, f"{path}/{made['id']}")
        return made

    # The objects --------------------------------------------------------------------------

    def _make_network(self) -> tuple[str, str]:
        network = self._make("network", "/v2.0/networks", "network", {"name": self.name})
        body = {"name": self.name, "network_id": network["id"], "cidr": CIDR, "ip_version": 4}
        subnet = self._make("network", "/v2.0/subnets", "subnet", body)
        body = {"name": self.name, "external_gateway_info": {"network_id": self._public()["id"]}}
        router = self._make("network", "/v2.0/routers", "router", body)
        path = f"/v2.0/routers/{router['id']}"
        interface = {"subnet_id": subnet["id"]}
        self.client.put("network", f"{path}/add_router_interface", interface)
        self.clean_up.callback(
            self.client.put, "network", f"{path}/remove_router_interface", interface
        )
        return network["id"], subnet["id"]

    def _public(self) -> Json:
        networks = self.client.get("network", "/v2.0/networks?router:external=true")["networks"]
        if not networks:
            raise DeployError("There is no external network.")
        return dict(networks[0])

    def _make_group(self) -> str:
        body = {"name": self.name, "description": "Made by stratolith verify"}
        group = self._make("network", "/v2.0/security-groups", "security_group", body)
        self._open(group["id"], 22)
        return str(group["id"])

    def _open(self, group_id: str, port: int) -> None:
        rule = {
            "security_group_id": group_id,
            "direction": "ingress",
            "ethertype": "IPv4",
            "protocol": "tcp",
            "port_range_min": port,
            "port_range_max": port,
        }
        self.client.post("network", "/v2.0/security-group-rules", {"security_group_rule": rule})

    def _make_key(self) -> None:
        if shutil.which("ssh-keygen") is None:
            raise DeployError("`ssh-keygen` is missing.", "apt-get install openssh-client")
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)]
        subprocess.run(command, check=True)
        public = self.key.with_suffix(".pub").read_text().strip()
        body = {"keypair": {"name": self.name, "public_key": public}}
        self.client.post("compute", "/os-keypairs", body)
        self.clean_up.callback(self.client.delete, "compute", f"/os-keypairs/{self.name}")

    def _make_server(self, network_id: str, subnet_id: str, group_id: str) -> None:
        self._make_key()
        port_body = {
            "name": self.name,
            "network_id": network_id,
            "fixed_ips": [{"subnet_id": subnet_id}],
            "security_groups": [group_id],
        }
        port = self._make("network", "/v2.0/ports", "port", port_body)
        self.port_id = port["id"]
        server = {
            "name": self.name,
            "imageRef": self._image()["id"],
            "flavorRef": self._flavor(),
            "key_name": self.name,
            "networks": [{"port": port["id"]}],
        }
        made = self.client.post("compute", "/servers", {"server": server})["server"]
        self.server_id = made["id"]
        self.clean_up.callback(self._delete_server)
        wait_for("The server becomes ACTIVE", ACTIVE_SECONDS, self._is_active)

    def _image(self) -> Json:
        images = self.client.get("image", "/v2/images?name=cirros&status=active")["images"]
        if not images:
            raise DeployError("There is no active image named cirros.")
        self.user = images[0].get("os_admin_user", DEFAULT_USER)
        return dict(images[0])

    def _flavor(self) -> str:
        flavors = self.client.get("compute", "/flavors/detail")["flavors"]
        fitting = [flavor for flavor in flavors if flavor["disk"] >= 1 and flavor["ram"] >= 128]
        if not fitting:
            raise DeployError("There is no flavor with a disk of 1 GiB and 128 MiB of memory.")
        return str(min(fitting, key=lambda flavor: (flavor["ram"], flavor["disk"]))["id"])

    def _show(self) -> Json:
        return dict(self.client.get("compute", f"/servers/{self.server_id}")["server"])

    def _is_active(self) -> bool:
        server = self._show()
        if server["status"] == "ERROR":
            fault = server.get("fault", {}).get("message", "no reason given")
            raise DeployError(f"The server went to ERROR: {fault}")
        return bool(server["status"] == "ACTIVE")

    def _delete_server(self) -> None:
        self.client.delete("compute", f"/servers/{self.server_id}")
        wait_for("The server is deleted", GONE_SECONDS, self._is_gone)

    def _is_gone(self) -> bool:
        servers = self.client.get("compute", f"/servers?name={self.name}")["servers"]
        return not servers

    def _make_floating_ip(self) -> str:
        body = {"floating_network_id": self._public()["id"], "port_id": self.port_id}
        made = self._make("network", "/v2.0/floatingips", "floatingip", body)
        return str(made["floating_ip_address"])

    # The guest ----------------------------------------------------------------------------

    def _ssh(self, address: str, command: str) -> subprocess.CompletedProcess[str]:
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
        options += ["ConnectTimeout=3", "LogLevel=ERROR", "IdentitiesOnly=yes"]
        flags = [word for option in options for word in ("-o", option)]
        line = ["ssh", "-F", "/dev/null", "-i", str(self.key), *flags]
        return subprocess.run(
            [*line, f"{self.user}@{address}", command],
            capture_output=True,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )

    def _log_in(self, address: str) -> None:
        last = ""

        def answers() -> bool:
            nonlocal last
            if not _connects(address, 22):
                last = "port 22 does not answer"
                return False
            try:
                result = self._ssh(address, "hostname")
            except subprocess.TimeoutExpired:
                last = "the login hangs"
                return False
            last = result.stderr.strip()
            return result.returncode == 0 and result.stdout.strip().startswith(self.name)

        try:
            wait_for(f"SSH to {self.user}@{address}", LOGIN_SECONDS, answers, pause=0.3)
        except DeployError as error:
            raise DeployError(f"{error.problem} ({last})") from None

    def _check_metadata(self, address: str) -> None:
        url = "http://169.254.169.254/openstack/latest/meta_data.json"
        result = self._ssh(address, f"curl -sf {url} || wget -q -O - {url}")
        try:
            metadata = json.loads(result.stdout)
        except ValueError:
            raise DeployError(
                f"The metadata service gives the guest no JSON: {result.stdout[:200]!r} "
                f"{result.stderr[:200]}"
            ) from None
        if metadata.get("uuid") != self.server_id:
            raise DeployError(f"The metadata is another server's: {metadata.get('uuid')}.")

    def _require_closed(self, address: str) -> None:
        answer = _probe(address, CLOSED_PORT)
        if answer != "silent":
            raise DeployError(f"Port {CLOSED_PORT} should be closed and is {answer}.")

    def _require_openable(self, address: str, group_id: str) -> None:
        self._open(group_id, CLOSED_PORT)
        # No process listens there: a refusal comes from the guest and proves that it is reachable.
        wait_for(
            f"Port {CLOSED_PORT} opens", 10.0, lambda: _probe(address, CLOSED_PORT) != "silent"
        )


def _connects(address: str, port: int) -> bool:
    return _probe(address, port) == "open"


def _probe(address: str, port: int) -> str:
    """ "open", "refused" or "silent": the result of a TCP connection attempt."""
    try:
        with socket.create_connection((address, port), timeout=PROBE_SECONDS):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silent"
