"""policy.yaml is looked at each second: what changes there is in force without a restart.

Upstream's services read a policy file again when its time of change differs; so do we. Each
server looks at the file in its own state directory.
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
    """Keeps the rules in force equal to a file; a file that cannot be used changes nothing."""

    def __init__(self, policies: Policies, path: Path) -> None:
        self._policies = policies
        self._path = path
        self._seen = _mark(path)
        self._stopping = threading.Event()
        metrics.POLICY_FILE_REFUSED.set(0)

    def run(self) -> None:
        """Look until stop(); for a thread."""
        while not self._stopping.wait(LOOK_SECONDS):
            self.look()

    def stop(self) -> None:
        self._stopping.set()

    def look(self) -> None:
        """Put the file's rules in force if it changed since the last look."""
        mark = _mark(self._path)
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._policies.override(read_overrides(self._path))
        except PolicyError as error:
            metrics.POLICY_FILE_REFUSED.set(1)
            LOG.error("the rules stay as they were: %s", error)
        else:
            metrics.POLICY_FILE_REFUSED.set(0)
            LOG.warning("the rules of %s are in force", self._path)


def _mark(path: Path) -> Mark:
    """Differs when the file does; editors replace files as often as they write them."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev)
