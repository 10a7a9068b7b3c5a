"""The unmodified openstack client, run as a user of a cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.installation import Installation

# Commands that print nothing, and know no output format.
SILENT = {"delete", "add", "remove", "set", "unset", "stop", "start", "reboot"}
OPENSTACK = Path(sys.executable).with_name("openstack")


def openstack(cloud: Installation, line: str, user: str = "demo") -> Any:
    """Run a line of the client as a user; its JSON output."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
    env["OS_CLIENT_CONFIG_FILE"] = str(cloud.state_dir / "clouds.yaml")
    env["OS_CLOUD"] = "stratolith" if user == "demo" else "stratolith-admin"
    words = [str(OPENSTACK), *line.split()]
    machine = not SILENT & set(words)
    done = subprocess.run(
        [*words, "-f", "json"] if machine else words, capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, f"{line}: {done.stderr}"
    return json.loads(done.stdout) if machine and done.stdout.strip() else None
