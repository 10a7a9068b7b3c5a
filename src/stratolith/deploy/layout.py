"""Where one cloud keeps its files: the state, run and configuration directories."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from stratolith.deploy.errors import DeployError
from stratolith.kernel import config
from stratolith.kernel.config import Settings

SYSTEM_STATE_DIR = Path("/var/lib/stratolith")
SYSTEM_RUN_DIR = Path("/run/stratolith")
SYSTEM_CONFIG = Path("/etc/stratolith/stratolith.yaml")
# A unix socket's path holds 107 bytes; agent.sock and its like must fit.
LONGEST_RUN_DIR = 80


@dataclass(frozen=True)
class Layout:
    """The paths of one cloud; all of them belong to it alone.

    state_dir: without links, so that the path is unique: it identifies the cloud's processes.
    given:     the state directory as the user named it; may be a link.
    """

    state_dir: Path
    run_dir: Path
    config: Path
    given: Path

    @property
    def secrets(self) -> Path:
        return self.state_dir / "secrets.json"

    @property
    def seed(self) -> Path:
        return self.state_dir / "seed.json"

    @property
    def keys(self) -> Path:
        return self.state_dir / "keys"

    @property
    def logs(self) -> Path:
        return self.state_dir / "log"

    @property
    def clouds_yaml(self) -> Path:
        return self.state_dir / "clouds.yaml"

    def openrc(self, user: str) -> Path:
        return self.state_dir / f"{user}-openrc.sh"

    def keystonerc(self, user: str) -> Path:
        """The same as openrc, under the file name that older tools use."""
        return self.state_dir / f"keystonerc_{user}"

    def lock(self, role: str) -> Path:
        return self.state_dir / "lock" / f"{role}.lock"

    @property
    def stopped_guests(self) -> Path:
        """The servers `down --guests` stopped, which the next `up` starts again."""
        return self.state_dir / "stopped-guests.json"

    @property
    def made_at_home(self) -> Path:
        """Records the directories that were created for the user's clouds.yaml."""
        return self.state_dir / "made-at-home.json"

    @property
    def supervisor_state(self) -> Path:
        return self.run_dir / "supervisor.json"

    def settings(self) -> Settings:
        """The kernel's settings of this cloud; raises ConfigError."""
        return config.load({}, self.config, os.environ, self._own(), others_allowed=True)

    def valid_settings(self) -> Settings:
        """As ``settings``, without invalid values: for commands that remove the cloud."""
        return config.load_valid(self.config, os.environ, self._own())

    def _own(self) -> dict[str, dict[str, str]]:
        return {"cloud": {"state_dir": str(self.state_dir), "run_dir": str(self.run_dir)}}

    def exists(self) -> bool:
        try:
            return self.config.exists() or self.secrets.exists()
        except PermissionError:  # it exists, and belongs to another user
            return True

    def require(self) -> None:
        """Raises DeployError when no cloud was ever made here."""
        if not self.exists():
            raise DeployError(
                f"There is no cloud in {self.state_dir}.",
                "make one with `stratolith up`, or name its directory with --state-dir",
            )
        if not self.state_dir.exists():
            raise DeployError(
                f"The directory of this cloud, {self.state_dir}, is missing.",
                "mount its disk or restore a backup; `stratolith destroy` forgets the cloud",
            )
        if not os.access(self.state_dir, os.R_OK | os.X_OK):
            raise DeployError(
                f"The cloud in {self.state_dir} belongs to another user.", "run this with sudo"
            )


def locate(state_dir: str | None) -> Layout:
    """The layout of a command's cloud: from the flag, the environment, else the default."""
    chosen = state_dir or os.environ.get("STRATOLITH_CLOUD_STATE_DIR")
    given = Path(chosen).expanduser().absolute() if chosen else default_state_dir()
    path = Path(os.path.realpath(given))
    if path == Path(os.path.realpath(SYSTEM_STATE_DIR)):
        return Layout(path, SYSTEM_RUN_DIR, SYSTEM_CONFIG, given)
    return Layout(path, _run_dir(path), path / "etc" / "stratolith.yaml", given)


def default_state_dir() -> Path:
    """The system's directory for root, a directory in the home directory for other users."""
    if os.geteuid() == 0:
        return SYSTEM_STATE_DIR
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "stratolith"


def _run_dir(state_dir: Path) -> Path:
    inside = state_dir / "run"
    if len(str(inside)) <= LONGEST_RUN_DIR:
        return inside
    digest = hashlib.sha256(str(state_dir).encode()).hexdigest()[:10]
    base = os.environ.get("XDG_RUNTIME_DIR", f"/tmp/stratolith-{os.geteuid()}")
    return Path(base) / f"stratolith-{digest}"
