"""Namespaces whose names only another mount namespace has are named, not passed over."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from stratolith.deploy.errors import DeployError
from stratolith.deploy.supervision import namespaces_elsewhere

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace"),
]
SCRIPT = """
mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns
ip netns add qrouter-test-elsewhere
stat -c %i /run/netns/qrouter-test-elsewhere
exec sleep 60
"""


def test_a_name_in_another_mount_namespace_is_told_with_its_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-ec", SCRIPT],
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        try:
            assert holder.stdout is not None
            inode = int(holder.stdout.readline())
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            ledger = {"boot_id": boot, "namespaces": {"qrouter-test-elsewhere": inode}}
            (tmp_path / "network").mkdir()
            (tmp_path / "network" / "ledger.json").write_text(json.dumps(ledger))
            with pytest.raises(DeployError, match="qrouter-test-elsewhere") as refused:
                namespaces_elsewhere.require_none(tmp_path)
            assert f"--target {holder.pid}" in str(refused.value)
        finally:
            holder.kill()
    namespaces_elsewhere.require_none(tmp_path)  # gone with its last user


def test_nothing_recorded_is_nothing_missing(tmp_path: Path) -> None:
    namespaces_elsewhere.require_none(tmp_path)
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "ledger.json").write_text("[]")
    namespaces_elsewhere.require_none(tmp_path)
