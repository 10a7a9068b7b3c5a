"""A card of the host on a physical network, and who is on its wire."""

from __future__ import annotations

import subprocess

from stratolith.network.drivers.base import RuleView
from tests.drivers.network import views

ALL = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv4")]
OUTSIDE = "02:00:00:00:00:99"  # a machine on the wire


def sh(script: str) -> str:
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
