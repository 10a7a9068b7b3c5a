"""The processes of a cloud: start them, check whether they answer, stop them."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stratolith
from stratolith.deploy import files
from stratolith.deploy.credentials import api_address
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.deploy.supervision import locks, processes, supervisor
from stratolith.kernel import plugins
from stratolith.kernel.config import (
    OTHER_VARIABLES,
    ApiSection,
    HostsSection,
    LogSection,
    Settings,
)
from stratolith.network.drivers.ovn import central
from stratolith.network.settings import NetworkSettings
from stratolith.roster import BUILT_IN

SINGLE_PORT = 8700  # before the offset
READY_SECONDS = 90.0
FAILED_STARTS = 2  # a process that ends this often during the wait cannot start
ROLES = (*central.ROLES, "server", "agent")
SOURCES = Path(stratolith.__file__).resolve().parent.parent


def roles(settings: Settings) -> list[str]:
    """The processes of this cloud here; a fake one runs its agents inside the server.

    A machine that joined a cloud has no server.
    """
    if settings.of(HostsSection).server:
        return ["agent"]
    if settings.fake:
        return ["server"]
    return [*(central.ROLES if _has_ovn(settings) else ()), "server", "agent"]


def _has_ovn(settings: Settings) -> bool:
    return settings.of(NetworkSettings).driver == "ovn"


def classic_ports() -> dict[int, str]:
    """Classic port -> name of the service; raises PluginError.

    Built-in services are not loaded for this: that takes more than a second.
    """
    names = {port: name for line in BUILT_IN for port, name in line.ports.items()}
    if plugins.names(plugins.SERVICES):
        from stratolith import services

        for service in services.outside():
            names |= services.ports_of(service)
    return names


def ports(settings: Settings) -> dict[int, str]:
    """Every TCP port of this cloud -> name of what listens there."""
    api = settings.of(ApiSection)
    names = {api.port: "all services"}
    if not api.single_port:
        names |= {port + api.port_offset: name for port, name in classic_ports().items()}
    hosts = settings.hosts_address
    if hosts is not None and hosts[0] == api.listen:
        names[hosts[1]] = "hosts"
    return names


def ports_moved_by(offset: int | None) -> dict[str, int]:
    """Settings of the section ``api`` for --port-offset; none without it. Raises DeployError."""
    if offset is None:
        return {}
    highest = 65535 - max(classic_ports())
    if not 0 <= offset <= highest:
        raise DeployError(f"--port-offset {offset} is not from 0 to {highest}.")
    return {"port": SINGLE_PORT + offset, "port_offset": offset}


def holder(layout: Layout, role: str) -> int | None:
    """The pid of the living process of a role (server, agent, supervisor)."""
    return locks.lock_holder(str(layout.lock(role)))


def pids(layout: Layout) -> dict[str, int]:
    """Role -> pid of the running processes of this cloud."""
    holders = {role: holder(layout, role) for role in ("supervisor", *ROLES)}
    return {role: pid for role, pid in holders.items() if pid is not None}


def is_running(layout: Layout, settings: Settings) -> bool:
    """Whether every process runs and every port answers."""
    alive = pids(layout)
    return {"supervisor", *roles(settings)} <= set(alive) and not missing_doors(settings)


def missing_doors(settings: Settings) -> list[str]:
    """Descriptions of what does not answer yet; empty when the cloud is ready."""
    missing = [
        f"{name} on port {port}"
        for port, name in ports(settings).items()
        if not _is_open(api_address(settings), port)
    ]
    if not missing and (reason := _unready(settings)):
        missing.append(reason)
    return missing


def _is_open(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address.strip("[]"), port), timeout=2):
            return True
    except OSError:
        return False


def _unready(settings: Settings) -> str:
    """Why /readyz says no; empty when it says yes."""
    api = settings.of(ApiSection)
    connection = http.client.HTTPConnection(api_address(settings).strip("[]"), api.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace").strip()
        return "" if answer.status == 200 else f"/readyz: {body or answer.status}"
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz: {error}"
    finally:
        connection.close()


def digest(layout: Layout) -> str:
    """A digest of configuration, program and plug-ins; `up` restarts the processes of another."""
    checksum = hashlib.sha256()
    for path in [layout.config, *sorted((layout.config.parent / "conf.d").glob("*.yaml"))]:
        checksum.update(path.read_bytes() if path.exists() else b"")
    for name in sorted(set(os.environ) - OTHER_VARIABLES):
        if name.startswith("STRATOLITH_"):
            checksum.update(f"{name}={os.environ[name]}\n".encode())
    for path in sorted((SOURCES / "stratolith").rglob("*.py")):
        checksum.update(f"{path}:{path.stat().st_mtime_ns}\n".encode())
    checksum.update("\n".join(plugins.inventory()).encode())
    return checksum.hexdigest()


def is_current(layout: Layout) -> bool:
    """Whether the running processes were started with this configuration and program."""
    try:
        return _digest_file(layout).read_text() == digest(layout)
    except FileNotFoundError:
        return False


def start(layout: Layout, settings: Settings) -> subprocess.Popen[bytes] | None:
    """Start the supervisor, which starts or adopts the others; None when it runs already.

    Processes that run with an older configuration or program are restarted.
    """
    pid = holder(layout, "supervisor")
    current = is_current(layout)
    files.write(_digest_file(layout), digest(layout))
    if pid is not None and current:
        return None
    if pid is not None:
        stop(layout)
    elif not current:
        _stop_orphans(layout)
    return _spawn(layout, settings)


def _digest_file(layout: Layout) -> Path:
    return layout.run_dir / "started-with"


def _spawn(layout: Layout, settings: Settings) -> subprocess.Popen[bytes]:
    layout.logs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-S", "-m", "stratolith.deploy.supervision.supervisor"]
    command += ["--state-dir", str(layout.state_dir), "--run-dir", str(layout.run_dir)]
    command += ["--config", str(layout.config), "--python", sys.executable]
    command += ["--max-log-mb", str(settings.of(LogSection).max_mb), *roles(settings)]
    env = {
        **os.environ,
        "STRATOLITH_SUPERVISOR_PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "PYTHONPATH": str(SOURCES),
    }
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with open(os.open(layout.logs / "supervisor.log", flags, 0o640), "ab") as log:
        return subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, cwd="/",
        )  # fmt: skip


def wait_ready(
    layout: Layout,
    settings: Settings,
    say: Callable[[str], None],
    started: subprocess.Popen[bytes] | None = None,
) -> None:
    """Wait until everything answers; raises DeployError with the end of the log.

    ``started``: the supervisor if it was just started; the wait ends early if it exits.
    """
    deadline = time.monotonic() + READY_SECONDS
    before = {role: child["restarts"] for role, child in children(layout).items()}
    reported = ""
    while missing := missing_doors(settings):
        for role, child in children(layout).items():
            if child["restarts"] - before.get(role, 0) >= FAILED_STARTS:
                raise DeployError(
                    f"The {role} does not start. Its last output:\n{tail(layout, role)}",
                    f"see {layout.logs}/{role}.log",
                )
        if started is not None and started.poll() and holder(layout, "supervisor") is None:
            raise DeployError(
                f"The supervisor does not start. Its last output:\n{tail(layout, 'supervisor')}"
            )
        if time.monotonic() > deadline:
            raise DeployError(
                f"Not ready after {READY_SECONDS:.0f} s: {'; '.join(missing)}.",
                f"see `stratolith logs server` and {layout.logs}",
            )
        if missing[0] != reported:
            reported = missing[0]
            say(f"waiting for {reported}")
        time.sleep(0.02)


def children(layout: Layout) -> dict[str, dict[str, Any]]:
    """Role -> state of each child from the supervisor's file; empty without a file."""
    try:
        state = json.loads(layout.supervisor_state.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return dict(state["children"])


def tail(layout: Layout, role: str, lines: int = 12) -> str:
    """The last lines of a process: on standard error since its last two starts, else in its log.

    Two, because a process that was just restarted has not yet written why it cannot run.
    """
    for text in (*reversed(_starts(layout, role)[-2:]), _read(layout.logs / f"{role}.log")):
        if text.strip():
            return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])
    return "    (nothing)"


def _starts(layout: Layout, role: str) -> list[str]:
    """What the process wrote to standard error in each of its starts."""
    parts = _read(layout.logs / f"{role}.out").split(supervisor.START_MARK)
    return [part.partition("\n")[2] for part in parts[1:]]  # after the time of the start


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""


def stop(layout: Layout) -> list[str]:
    """Stop the supervisor first, as it would restart the others; returns the stopped roles."""
    alive = list(pids(layout))
    for role in ("supervisor", *reversed(ROLES)):
        pid = holder(layout, role)
        if pid is not None:
            # The supervisor stops its children first, each with a time limit of its own.
            processes.stop(pid, 30.0 if role == "supervisor" else 10.0)
    return alive


def _stop_orphans(layout: Layout) -> None:
    for role in reversed(ROLES):
        pid = holder(layout, role)
        if pid is not None:
            processes.stop(pid)
