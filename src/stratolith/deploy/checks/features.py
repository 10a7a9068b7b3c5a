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
    wanted: str
    is_there: Callable[[], bool]


FEATURES = (
    Feature(
        "VLAN networks and trunks",
        "tags by packet programs, without the module 8021q",
        "a kernel with sch_ingress and cls_bpf",
        vlan_tags.can_sort,
    ),
    Feature(
        "QoS policies",
        "enforced by nftables",
        "a kernel whose nftables limit rates and set DSCP marks",
        lambda: qos.can_enforce(_NAME),
    ),
    Feature(
        "local IPs",
        "answered by nftables",
        "a kernel with nft_fwd_netdev and nft_dup_netdev",
        lambda: local_ips.can_answer(_NAME),
    ),
    Feature(
        "logs of security groups",
        "written by the agent",
        "a kernel with nft_log and nfnetlink_log",
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
            feature.what, feature.how if is_there else "not on this kernel", feature.wanted,
            is_there, "use another kernel, or do without", is_warning=True,
        )  # fmt: skip
