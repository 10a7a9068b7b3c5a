"""What hosts promise to ports: the texts of the settings, and the providers made of reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel.config import ConfigError
from stratolith.kernel.context import Context
from stratolith.network import capacity_settings
from stratolith.network.drivers.capacity import Capacity, InventoryOptions
from stratolith.network.managers.qos import host_capacity
from stratolith.network.managers.segments import hosts
from stratolith.network.models import HostCapacity
from stratolith.network.settings import NetworkSettings
from stratolith.placement.managers import allocations, inventories, providers, traits

from . import rooms

HOST, ROOT = "h1", "11111111-0000-4000-8000-000000000000"
USER = "22222222-0000-4000-8000-000000000000"
EGRESS = "NET_BW_EGR_KILOBIT_PER_SEC"
CARD = "CUSTOM_VNIC_TYPE_NORMAL"
AGENT = f"{HOST}:Linux bridge agent"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    env = rooms.environment(tmp_path)
    made = rooms.context(env)
    yield made
    made.close()
    env.db.dispose()


def test_settings_become_a_capacity() -> None:
    settings = NetworkSettings(
        bridge_mappings=["rack1:eth1", "rack2:eth2", "rack3:eth3"],
        resource_provider_bandwidths=["eth1:10:20", "eth2::30", "eth3::", "rp_tunnelled:5:"],
        resource_provider_packet_processing_with_direction="7:8",
        resource_provider_inventory_defaults={"allocation_ratio": 2, "reserved": 3.0},
    )
    assert capacity_settings.of(settings) == Capacity(
        bandwidths={
            "eth1": {"egress": 10, "ingress": 20},
            "eth2": {"ingress": 30},
            "eth3": {},
            "rp_tunnelled": {"egress": 5},
        },
        packet_rates={"egress": 7, "ingress": 8},
        bandwidth_options=InventoryOptions(allocation_ratio=2.0, reserved=3),
    )
    together = NetworkSettings(resource_provider_packet_processing_without_direction=9)
    assert capacity_settings.of(together).packet_rates == {"any": 9}
    assert capacity_settings.of(NetworkSettings()) == Capacity()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"resource_provider_bandwidths": ["eth9:1:1"]}, "'eth9:1:1' does not begin with"),
        ({"resource_provider_bandwidths": ["br-stl-ext:1:1", "br-stl-ext:2:2"]}, "begin with"),
        ({"resource_provider_bandwidths": ["br-stl-ext"]}, "EGRESS:INGRESS"),
        ({"resource_provider_bandwidths": ["br-stl-ext:1"]}, "EGRESS:INGRESS"),
        ({"resource_provider_bandwidths": ["br-stl-ext:-1:2"]}, "EGRESS:INGRESS"),
        ({"resource_provider_bandwidths": ["br-stl-ext:1.5:2"]}, "EGRESS:INGRESS"),
        ({"resource_provider_bandwidths": ["br-stl-ext:2147483648:2"]}, "EGRESS:INGRESS"),
        ({"resource_provider_packet_processing_with_direction": "9"}, "EGRESS:INGRESS"),
        (
            {
                "resource_provider_packet_processing_with_direction": "9:9",
                "resource_provider_packet_processing_without_direction": 9,
            },
            "not both",
        ),
        ({"resource_provider_inventory_defaults": {"total": 5.0}}, "total is none of"),
        ({"resource_provider_inventory_defaults": {"min_unit": 1.5}}, "min_unit"),
        ({"resource_provider_packet_processing_inventory_defaults": {"step_size": 0.0}}, ">= 1"),
    ],
)
def test_texts_without_meaning_are_refused(
    tmp_path: Path, values: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        rooms.environment(tmp_path, **values)
    assert next(iter(values)) in str(refused.value)


def capacity(**bandwidths: int) -> Capacity:
    return Capacity(bandwidths={device: {"egress": rate} for device, rate in bandwidths.items()})


def names(ctx: Context) -> set[str]:
    """The providers below the host's."""
    agent = providers.find_by_name(ctx, AGENT)
    if agent is None:
        return set()
    below = [providers.get(ctx, uuid).name for uuid in providers.children(ctx, agent.uuid)]
    return {name.rpartition(":")[2] for name in below}


def stored(ctx: Context) -> HostCapacity:
    return ctx.session.get_one(HostCapacity, HOST)


def test_a_report_may_be_earlier_than_the_provider_of_the_host(ctx: Context) -> None:
    host_capacity.report(ctx, HOST, capacity(rp_tunnelled=9))
    assert not stored(ctx).synced and names(ctx) == set()
    providers.ensure(ctx, ROOT, HOST)
    host_capacity.settle(ctx, HOST)
    assert stored(ctx).synced and names(ctx) == {"rp_tunnelled"}
    host_capacity.settle(ctx, "unknown")


def test_a_report_of_nothing_leaves_no_trace(ctx: Context) -> None:
    providers.ensure(ctx, ROOT, HOST)
    host_capacity.report(ctx, HOST, Capacity())
    assert ctx.session.get(HostCapacity, HOST) is None


def test_the_same_report_again_changes_nothing(ctx: Context) -> None:
    providers.ensure(ctx, ROOT, HOST)
    host_capacity.report(ctx, HOST, capacity(rp_tunnelled=9))
    agent = providers.find_by_name(ctx, AGENT)
    assert agent is not None
    providers.bump(ctx, agent)
    before = agent.generation
    host_capacity.report(ctx, HOST, capacity(rp_tunnelled=9))
    assert agent.generation == before


def test_devices_come_and_go_with_their_physical_networks(ctx: Context) -> None:
    providers.ensure(ctx, ROOT, HOST)
    hosts.report(ctx, HOST, {"rack1": "eth1", "rack-2": "eth2"})
    host_capacity.report(ctx, HOST, capacity(eth1=10, eth2=20, rp_tunnelled=0))
    assert names(ctx) == {"eth1", "eth2", "rp_tunnelled"}
    eth2 = providers.find_by_name(ctx, f"{AGENT}:eth2")
    tunnels = providers.find_by_name(ctx, f"{AGENT}:rp_tunnelled")
    assert eth2 is not None and tunnels is not None
    assert traits.of_provider(ctx, eth2.uuid) == {
        "CUSTOM_PHYSNET_RACK_2",
        "CUSTOM_VNIC_TYPE_NORMAL",
    }
    assert inventories.of_provider(ctx, tunnels.uuid) == {}
    hosts.report(ctx, HOST, {"other": "eth2"})
    host_capacity.report(ctx, HOST, capacity(eth2=25))
    assert names(ctx) == {"eth2"}
    assert traits.of_provider(ctx, eth2.uuid) == {"CUSTOM_PHYSNET_OTHER", CARD}
    assert inventories.of_provider(ctx, eth2.uuid)[EGRESS].total == 25
    host_capacity.report(ctx, HOST, Capacity())
    assert names(ctx) == set() and providers.find_by_name(ctx, AGENT) is None
    assert providers.find_by_name(ctx, HOST) is not None


def test_what_servers_use_stays_until_they_are_gone(ctx: Context) -> None:
    providers.ensure(ctx, ROOT, HOST)
    host_capacity.report(ctx, HOST, capacity(rp_tunnelled=10))
    tunnels = providers.find_by_name(ctx, f"{AGENT}:rp_tunnelled")
    assert tunnels is not None
    allocations.claim(ctx, USER, tunnels.uuid, {EGRESS: 8}, "p", "u")
    fewer = Capacity(bandwidths={"rp_tunnelled": {"ingress": 5}})
    host_capacity.report(ctx, HOST, fewer)
    assert inventories.of_provider(ctx, tunnels.uuid).keys() == {EGRESS} and not stored(ctx).synced
    host_capacity.report(ctx, HOST, Capacity())
    assert names(ctx) == {"rp_tunnelled"} and not stored(ctx).synced
    allocations.release(ctx, USER)
    host_capacity.report(ctx, HOST, Capacity())
    assert names(ctx) == set() and stored(ctx).synced


def test_a_host_that_leaves_is_forgotten(ctx: Context) -> None:
    providers.ensure(ctx, ROOT, HOST)
    host_capacity.report(ctx, HOST, capacity(rp_tunnelled=10))
    host_capacity.forget(ctx, HOST)
    providers.delete(ctx, ROOT)
    assert ctx.session.get(HostCapacity, HOST) is None
    host_capacity.forget(ctx, HOST)
