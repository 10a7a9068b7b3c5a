"""The server and agent processes as the supervisor starts them."""

from __future__ import annotations

import os
from pathlib import Path

from stratolith.deploy import config_file
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.supervision import locks
from stratolith.kernel import config
from stratolith.kernel.config import Settings
from stratolith.kernel.config import secrets as config_secrets
from stratolith.kernel.exceptions import CannotStart
from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.ovn import central, daemons


def run(role: str, config_path: str | None, state_dir: str | None) -> int:
    """Run a process until it gets a signal; raises DeployError when the role already runs."""
    layout = locate(state_dir)
    path = Path(config_path) if config_path else layout.config
    settings = _settings(role, layout, path, explicit_state_dir=state_dir is not None)
    lock = locks.take_lock(str(settings.state_dir / "lock" / f"{role}.lock"))
    if lock is None:
        raise DeployError(
            f"Another {role} already works on {settings.state_dir}.", "stop it: stratolith down"
        )
    os.umask(0o077)  # other users must not read the files of these processes
    if role in central.ROLES:
        _become(role, settings, lock)
    try:
        _serve(role, settings)
    except (OSError, CannotStart) as error:
        raise DeployError(f"The {role} cannot run: {error}") from error
    return 0


def _become(role: str, settings: Settings, lock: int) -> None:
    """Replace this process by the program of a role of OVN, which keeps the lock."""
    directory = central.directory_of(settings.state_dir)
    try:
        central.prepare(role, directory)
        command = central.command(role, directory)
    except NetworkDriverError as error:
        raise DeployError(f"The {role} cannot run: {error}") from error
    os.set_inheritable(lock, True)
    os.execve(command[0], command, daemons.environment(directory))


def _settings(role: str, layout: Layout, path: Path, *, explicit_state_dir: bool) -> Settings:
    """The server checks the whole file; the agent reads its parts without the services."""
    overrides = {}
    if explicit_state_dir:
        place = {"state_dir": str(layout.state_dir), "run_dir": str(layout.run_dir)}
        overrides["cloud"] = place
    if role == "server":
        config_secrets.require_private(path)
        return config.load(config_file.sections(), path, os.environ, overrides)
    return config.load({}, path, os.environ, overrides, others_allowed=True)


def _serve(role: str, settings: Settings) -> None:
    if role == "server":
        from sqlalchemy.exc import DBAPIError

        from stratolith import server

        try:
            server.serve(settings)
        except DBAPIError as error:
            raise DeployError(f"The server cannot use its database: {error.orig}") from error
    else:
        from stratolith import agent

        agent.run(settings)
