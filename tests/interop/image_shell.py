"""Lines of the openstack client about images, for the stories."""

from __future__ import annotations

import time
from typing import Any

from .openstack_client import Shell, attempt

SECONDS = 20.0


def silent(shell: Shell, line: str) -> str:
    """Run a line that prints no document and must succeed; what it prints."""
    done = attempt(line, shell.env)
    assert done.status == 0, f"{line}: {done.err or done.out}"
    return done.out


def create(shell: Shell, name: str, options: str = "") -> dict[str, Any]:
    """A new image, without data unless the options give some."""
    made: dict[str, Any] = shell.has(CLIENT_HAS_TERMINAL="1")(
        f"image create --disk-format raw --container-format bare {options} {name}"
    )
    return made


def wait_for(shell: Shell, image: str, status: str = "active") -> dict[str, Any]:
    """The image when it has the status."""
    end = time.monotonic() + SECONDS
    while True:
        shown: dict[str, Any] = shell(f"image show {image}")
        if shown["status"] == status:
            return shown
        failed = shown["properties"].get("os_glance_failed_import")
        assert time.monotonic() < end and not failed, shown
        time.sleep(0.2)
