"""Features of networks that depend on the kernel of this machine, with driver ``linux``.

The cloud works without them: a port, or what else needs one that the kernel lacks, says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stratolith.deploy.checks.requirements import Finding
from stratolith.network.drivers.linux.filtering import local_ips, packet_log
from stratolith.network.drivers.linux.host_kernel import vlan_tags
from stratolith.network.drivers.linux.qos import enforcement as qos

_NAME = "stratolith_check"  # of tables that are tried and not made


@dataclass(frozen=True)
class Feature:
    what: str
    how: str  # it works here
    lack: str  # why it does not
    is_there: Callable[[], bool]


FEATURES = (
    Feature(
        "VLAN networks and trunks",
        "tags by packet programs, without the module 8021q",
        "this kernel runs no packet programs: it lacks sch_ingress or cls_bpf",
        vlan_tags.can_sort,
    ),
    Feature(
        "QoS policies",
        "enforced by nftables",
        qos.CANNOT,
        lambda: qos.can_enforce(_NAME),
    ),
    Feature(
        "local IPs",
        "answered by nftables",
        local_ips.CANNOT,
        lambda: local_ips.can_answer(_NAME),
    ),
    Feature(
        "logs of security groups",
        "written by the agent",
        packet_log.CANNOT_LOG,
        lambda: packet_log.can_log(_NAME),
    ),
)


def findings() -> Iterator[Finding]:
    """One for each feature; none for who may not ask the kernel."""
    if os.geteuid() != 0 or shutil.which("nft") is None:
        return
    for feature in FEATURES:
        is_there = feature.is_there()
        yield Finding(
            feature.what, feature.how if is_there else feature.lack, "another kernel",
            is_there, "boot a kernel that has it, or do without", is_warning=True,
        )  # fmt: skip
