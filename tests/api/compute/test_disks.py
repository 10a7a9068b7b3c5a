"""What a server's disks are made of: its image, nothing (ephemeral disks, swap), no volumes yet."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.compute.exceptions import InvalidDisk
from stratolith.compute.managers import disks
from stratolith.compute.models import Flavor, Server

from .conftest import World, error_of

GIB, MIB = 1 << 30, 1 << 20
NOBODY = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def flavor(world: World) -> str:
    """1 GiB of root disk, 2 GiB of ephemeral disk, 64 MiB of swap."""
    return make_flavor(world, swap=64, **{"OS-FLV-EXT-DATA:ephemeral": 2})


def make_flavor(world: World, **more: Any) -> str:
    body = {"flavor": {"name": f"disks-{len(more)}", "ram": 64, "vcpus": 1, "disk": 1, **more}}
    answer = world.admin.post("compute", "/flavors", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["flavor"]["id"])


def root(world: World, **more: Any) -> dict[str, Any]:
    device = {"source_type": "image", "destination_type": "local", "boot_index": 0}
    return {**device, "uuid": world.image, **more}


def blank(**more: Any) -> dict[str, Any]:
    return {"source_type": "blank", "destination_type": "local", "boot_index": -1, **more}


def post(world: World, flavor: str, *devices: dict[str, Any], **more: Any) -> Any:
    return world.post(
        flavorRef=flavor, networks="none", block_device_mapping_v2=list(devices), **more
    )


def made(world: World, server_id: str) -> list[tuple[str, int, str]]:
    """(role, bytes, made from) of each disk in the view of the server's host, in its order."""
    view = world.cloud.hosts[0].rooms["guests"]._wanted[server_id].spec.disks
    return [
        (one.role, one.size_bytes, getattr(one.source, "format", "") if one.role != "root" else "")
        for one in view
    ]


def create(world: World, flavor: str, *devices: dict[str, Any], **more: Any) -> str:
    answer = post(world, flavor, *devices, **more)
    assert answer.status_code == 202, answer.text
    server_id = str(answer.json()["server"]["id"])
    world.until(server_id, "ACTIVE")
    return server_id


ROOT = ("root", GIB, "")
CASES: list[tuple[list[dict[str, Any]], list[tuple[str, int, str]]]] = [
    ([], [("ephemeral", 2 * GIB, "ext4"), ("swap", 64 * MIB, "swap")]),
    (
        [blank(volume_size=1)],
        [("ephemeral", GIB, "ext4"), ("swap", 64 * MIB, "swap")],
    ),
    ([blank()], [("ephemeral", 2 * GIB, "ext4"), ("swap", 64 * MIB, "swap")]),
    (
        [blank(volume_size="1", guest_format="ext2")],
        [("ephemeral", GIB, "ext2"), ("swap", 64 * MIB, "swap")],
    ),
    (  # in the guest swap comes last, whatever the request's order
        [blank(volume_size=32, guest_format="swap"), blank(volume_size=1, guest_format="ext3")],
        [("ephemeral", GIB, "ext3"), ("swap", 32 * MIB, "swap")],
    ),
    (
        [blank(guest_format="swap")],
        [("ephemeral", 2 * GIB, "ext4"), ("swap", 64 * MIB, "swap")],
    ),
    (
        [blank(volume_size=1, boot_index=1)],
        [("ephemeral", GIB, "ext4"), ("swap", 64 * MIB, "swap")],
    ),
    (
        [blank(volume_size=1, no_device=True)],
        [("ephemeral", 2 * GIB, "ext4"), ("swap", 64 * MIB, "swap")],
    ),
]


@pytest.mark.parametrize(("devices", "wanted"), CASES)
def test_the_host_gets_the_disks_that_were_asked_for(
    world: World,
    flavor: str,
    devices: list[dict[str, Any]],
    wanted: list[tuple[str, int, str]],
) -> None:
    server_id = create(world, flavor, root(world), *devices)
    assert made(world, server_id) == [ROOT, *wanted]
    said = world.driver.console_output(server_id, None)
    assert f"disk 0: root, {GIB} bytes, image {world.image}" in said
    for number, (role, size, form) in enumerate(wanted, 1):
        assert f"disk {number}: {role}, {size} bytes, {form}" in said


def test_two_ephemeral_disks_where_there_is_no_swap(world: World) -> None:
    flavor = make_flavor(world, **{"OS-FLV-EXT-DATA:ephemeral": 2})
    server_id = create(world, flavor, root(world), blank(volume_size=1), blank(volume_size=1))
    assert made(world, server_id) == [ROOT, *[("ephemeral", GIB, "ext4")] * 2]
    small = make_flavor(world)  # of a disk without a size nothing is left
    assert made(world, create(world, small, root(world), blank(guest_format="swap"))) == [ROOT]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ephemeral0", [("ephemeral", 2 * GIB, "ext4"), ("swap", 64 * MIB, "swap")]),
        ("swap", [("ephemeral", 2 * GIB, "ext4"), ("swap", 64 * MIB, "swap")]),
    ],
)
def test_the_old_form(
    world: World, flavor: str, name: str, wanted: list[tuple[str, int, str]]
) -> None:
    old = [{"device_name": "vdb", "virtual_name": name}]
    server_id = create_old(world, flavor, old)
    assert made(world, server_id) == [ROOT, *wanted]


def create_old(world: World, flavor: str, old: list[dict[str, Any]]) -> str:
    answer = world.post(flavorRef=flavor, networks="none", block_device_mapping=old)
    assert answer.status_code == 202, answer.text
    server_id = str(answer.json()["server"]["id"])
    world.until(server_id, "ACTIVE")
    return server_id


@pytest.mark.parametrize(
    ("devices", "text"),
    [
        ([blank(guest_format="paper", volume_size=1)], "paper format is not supported"),
        ([blank(volume_size=1, disk_bus="ide")], "disk_bus"),
        ([blank(volume_size=1, device_type="cdrom")], "device_type"),
        ([blank(volume_size=1, tag="data")], "tag"),
        ([blank(volume_size=1, destination_type="volume")], "no volumes yet"),
        ([blank(volume_size="9" * 30)], "larger than the instance type allows"),
    ],
)
def test_what_is_not_there_is_refused(
    world: World, flavor: str, devices: list[dict[str, Any]], text: str
) -> None:
    """What upstream answers is in tests/parity; these it takes, or its hosts fail with it."""
    answer = post(world, flavor, root(world), *devices)
    assert answer.status_code == 400 and text in error_of(answer), answer.text
    first = {**blank(volume_size=1), "boot_index": 0}
    assert "cannot boot from a blank disk" in error_of(post(world, flavor, first))
    assert world.demo.get("compute", "/servers").json()["servers"] == []


@pytest.mark.parametrize(("limit", "fit"), [(3, False), (4, True), (-1, True)])
def test_the_limit_of_local_disks_is_a_setting(limit: int, fit: bool) -> None:
    flavor = Flavor(disk=1, ephemeral=3, swap=64)
    first = disks.Disk(source=disks.ImageSource(NOBODY), boot_index=0)
    asked = [first, disks.blank("ext4", 1), disks.blank("ext4", 1)]
    if fit:
        assert len(disks.decide(flavor, NOBODY, asked, limit)) == 4  # with the flavor's swap
    else:
        with pytest.raises(InvalidDisk, match="more local devices than the limit allows"):
            disks.decide(flavor, NOBODY, asked, limit)


def test_placement_counts_what_the_flavor_has(world: World, flavor: str) -> None:
    """As upstream: smaller disks than the flavor's do not make the claim smaller."""
    server_id = create(world, flavor, root(world), blank(volume_size=1))
    found = world.admin.get("placement", f"/allocations/{server_id}").json()["allocations"]
    (claimed,) = [one["resources"] for one in found.values()]
    assert claimed["DISK_GB"] == 1 + 2 + 1


def test_disks_are_made_anew_by_a_rebuild_and_go_with_the_server(world: World, flavor: str) -> None:
    server_id = create(world, flavor, root(world), blank(volume_size=1, guest_format="ext3"))
    body = {"name": "other", "disk_format": "raw", "container_format": "bare"}
    other = world.demo.post("image", "/images", json=body).json()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    world.demo.put("image", f"/images/{other}/file", content=b"other" * 512, headers=headers)
    assert world.act(server_id, "rebuild", {"imageRef": other}).status_code == 202
    world.until(server_id, "ACTIVE")
    wanted = [ROOT, ("ephemeral", GIB, "ext3"), ("swap", 64 * MIB, "swap")]
    assert made(world, server_id) == wanted
    view = world.cloud.hosts[0].rooms["guests"]._wanted[server_id].spec.disks
    assert view[0].source.image_id == other
    assert world.act(server_id, "reboot", {"type": "HARD"}).status_code == 202
    world.until(server_id, "ACTIVE")
    assert made(world, server_id) == wanted
    assert world.driver.facts().disk_free_gb < world.driver.capacity.disk_gb
    world.demo.delete("compute", f"/servers/{server_id}")
    world.until_gone(server_id)
    world.cloud.wait(lambda: world.driver.facts().disk_free_gb == world.driver.capacity.disk_gb)


def test_a_server_from_before_has_the_disks_of_its_flavor(world: World, flavor: str) -> None:
    server_id = create(world, flavor)
    with world.cloud.env.db.write() as session:
        row = session.query(Server).filter_by(id=server_id).one()
        before, row.disks = disks.of(row), []
        assert disks.of(row) == before


def test_the_guest_is_told_the_names_of_its_devices(world: World, flavor: str) -> None:
    server_id = create(world, flavor, root(world), blank(volume_size=1))
    with world.cloud.env.db.read() as session:
        row = session.query(Server).filter_by(id=server_id).one()
        assert disks.names(row) == {
            "ami": "vda", "root": "/dev/vda", "ephemeral0": "/dev/vdb", "swap": "/dev/vdc",
        }  # fmt: skip


def test_volumes_and_snapshots_are_not_found(world: World, flavor: str) -> None:
    for kind, index in (("volume", 0), ("volume", -1), ("snapshot", -1)):
        device = {"source_type": kind, "destination_type": "volume", "uuid": NOBODY}
        devices = [{**device, "boot_index": index}]
        answer = post(world, flavor, *devices if index == 0 else [root(world), *devices])
        assert answer.status_code == 400
        assert error_of(answer) == (
            f"Block Device Mapping is Invalid: failed to get {kind} {NOBODY}."
        )
