"""Checks policy.yaml every second, and applies changes without a restart.

Upstream's services also read a policy file again when its mtime changes. Each server checks the
file in its own state directory.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from stratolith.kernel import metrics
from stratolith.kernel.policy.enforcer import Policies, PolicyError, read_overrides

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
Mark = tuple[int, ...]


class PolicyWatcher:
    """Keeps the current rules equal to a file; an invalid file changes nothing."""

    def __init__(self, policies: Policies, path: Path) -> None:
        self._policies = policies
        self._path = path
        self._seen = _mark(path)
        self._stopping = threading.Event()
        metrics.POLICY_FILE_REFUSED.set(0)

    def run(self) -> None:
        """Check the file until stop(); runs in a thread."""
        while not self._stopping.wait(LOOK_SECONDS):
            self.look()

    def stop(self) -> None:
        self._stopping.set()

    def look(self) -> None:
        """Apply the file's rules if it changed since the last check."""
        mark = _mark(self._path)
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._policies.override(read_overrides(self._path))
        except PolicyError as error:
            metrics.POLICY_FILE_REFUSED.set(1)
            LOG.error("policy.yaml is refused, the rules are unchanged: %s", error)
        else:
            metrics.POLICY_FILE_REFUSED.set(0)
            LOG.warning("the rules of %s are now in use", self._path)


def _mark(path: Path) -> Mark:
    """A value that changes with the file, also when an editor replaces the file."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev)
