"""What a plan needs for VLAN tags: sub-ports of trunks, and uplinks of VLAN networks.

Both are branches of a device that carries frames with tags: the tap of the trunk's parent, or the
device that is connected to a physical network (``host_kernel/vlan_tags.py`` does the work).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.objects import BranchSpec, SplitSpec

NO_PARENT = "the parent port of its trunk is not on this host"


def of_sub_port(
    port: FilteredPort, parent_taps: Mapping[str, str], mtu: int, mac: str
) -> BranchSpec:
    """The branch of a sub-port. ``parent_taps``: port -> its tap. Raises ``ValueError``."""
    view = port.view
    if view.parent not in parent_taps:
        raise ValueError(NO_PARENT)
    return BranchSpec(
        name=view.tap,
        end=names.branch_end(view.id),
        owner=view.id,
        bridge=port.bridge,
        shared=parent_taps[view.parent],
        tag=checks.tag(view.tag),
        mac=mac,
        mtu=mtu,
    )


def uplink(network: NetworkView) -> BranchSpec | None:
    """The branch that connects a VLAN network to its physical network; None for other networks.

    Raises ``ValueError``.
    """
    if network.network_type != "vlan":
        return None
    return BranchSpec(
        name=names.uplink(network.id),
        end=names.branch_end(network.id),
        owner=network.id,
        bridge=network.bridge,
        shared=names.checked_device(network.uplink),
        tag=checks.tag(network.segmentation_id),
        mtu=network.mtu,
        physical=True,
    )


def splits(branches: Iterable[BranchSpec]) -> tuple[SplitSpec, ...]:
    """The devices that branches lead from."""
    by_device: dict[str, list[BranchSpec]] = {}
    for branch in branches:
        by_device.setdefault(branch.shared, []).append(branch)
    return tuple(
        SplitSpec(
            shared=shared,
            physical=any(branch.physical for branch in of_device),
            branches=tuple(of_device),
        )
        for shared, of_device in by_device.items()
    )
