"""Suggested commands as the user must type them: program name and state directory included."""

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
    """The text with each suggested `stratolith` command completed for this cloud."""
    cloud = (
        "" if state_dir == default_state_dir() else f" --state-dir {shlex.quote(str(state_dir))}"
    )
    return SUGGESTED.sub(lambda match: f"{launcher()} {match[1]}{cloud}", text)


def launcher() -> str:
    """The program as the user called it, with sudo if needed."""
    program = os.environ.get(LAUNCHER, "stratolith")
    is_sudo = os.geteuid() == 0 and os.environ.get("SUDO_USER", "root") != "root"
    return f"sudo {program}" if is_sudo else program
