"""Commands as a reader can type them: how this program was called, and which cloud is meant."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from stratolith.deploy.layout import default_state_dir

LAUNCHER = "STRATOLITH_LAUNCHER"  # the launcher of a checkout says how it was called
SUGGESTED = re.compile(
    r"(?<![\w/.-])stratolith "
    r"(up|down|destroy|status|doctor|check|verify|openrc|logs|policy|image \w+)\b(?! --state-dir)"
)


def spelled_out(text: str, state_dir: Path) -> str:
    """The text with every suggested command of ours as it has to be typed here."""
    cloud = (
        "" if state_dir == default_state_dir() else f" --state-dir {shlex.quote(str(state_dir))}"
    )
    return SUGGESTED.sub(lambda found: f"{launcher()} {found[1]}{cloud}", text)


def launcher() -> str:
    """The program, as the person typed it."""
    program = os.environ.get(LAUNCHER, "stratolith")
    is_sudo = os.geteuid() == 0 and os.environ.get("SUDO_USER", "root") != "root"
    return f"sudo {program}" if is_sudo else program
