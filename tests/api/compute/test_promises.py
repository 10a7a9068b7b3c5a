"""What flavors, images and block devices promise: given, or the server fails with it."""

from __future__ import annotations

import pytest

from .conftest import World


def _fault_with(world: World, specs: dict[str, str]) -> str:
    """What a server of a flavor with these extra specs fails with, "" when it runs.

    As administrators read it.
    """
    body = {"flavor": {"name": f"f{len(specs)}", "ram": 64, "vcpus": 1, "disk": 1}}
    flavor = world.admin.post("compute", "/flavors", json=body).json()["flavor"]["id"]
    path = f"/flavors/{flavor}/os-extra_specs"
    set_specs = world.admin.post("compute", path, json={"extra_specs": specs})
    assert set_specs.status_code == 200, set_specs.text
    server = world.post(flavorRef=flavor, networks="none").json()["server"]["id"]
    found = world.cloud.wait(
        lambda: (s := world.show(server, world.admin))["status"] in ("ACTIVE", "ERROR") and s
    )
    world.admin.delete("compute", f"/flavors/{flavor}")
    return str(found.get("fault", {}).get("details", ""))


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ({"hw:cpu_policy": "dedicated"}, "hw:cpu_policy=dedicated"),
        ({"hw:mem_page_size": "2MB"}, "hw:mem_page_size=2MB"),
        ({"hw:numa_nodes": "2"}, "hw:numa_nodes=2"),
        ({"os:secure_boot": "required"}, "os:secure_boot=required"),
        ({"resources1:VGPU": "1"}, "resources1:VGPU=1"),
        ({"resources:CUSTOM_FPGA": "1"}, "CUSTOM_FPGA needs 1, has none"),
        ({"resources:VCPU": "5000"}, "VCPU needs 5000"),
        ({"trait:CUSTOM_FAST": "required"}, "lacks the traits CUSTOM_FAST"),
        ({"hw:cpu_policy": "shared", "hw:mem_encryption": "False"}, ""),
        ({"hw:numa_nodes": "1", "quota:cpu_shares": "10"}, ""),
        ({"trait:CUSTOM_FAST": "forbidden", "resources:VCPU": "1"}, ""),
        ({"anything": "else", "hw:cpu_cores": "2"}, ""),
    ],
)
def test_what_flavors_promise(world: World, specs: dict[str, str], said: str) -> None:
    """A promise that no host can keep is the server's fault; it is not forgotten."""
    fault = _fault_with(world, specs)
    assert (said in fault) if said else (fault == "")


def test_traits_of_hosts_count(world: World) -> None:
    assert world.admin.put("placement", "/traits/CUSTOM_FAST", microversion="1.39").is_success
    at = "/resource_providers"
    provider = world.admin.get("placement", at, microversion="1.39").json()["resource_providers"][0]
    path = f"{at}/{provider['uuid']}/traits"
    have = world.admin.get("placement", path, microversion="1.39").json()
    body = {
        "traits": [*have["traits"], "CUSTOM_FAST"],
        "resource_provider_generation": have["resource_provider_generation"],
    }
    assert world.admin.put("placement", path, json=body, microversion="1.39").is_success
    assert _fault_with(world, {"trait:CUSTOM_FAST": "required"}) == ""
    assert "forbidden traits" in _fault_with(world, {"trait:CUSTOM_FAST": "forbidden"})


@pytest.mark.parametrize(
    "change",
    [
        {"disk_bus": "scsi"},
        {"device_type": "cdrom"},
        {"device_name": "/dev/sdb"},
        {"guest_format": "ext4"},
        {"tag": "boot"},
        {"volume_type": "fast"},
        {"no_device": True},
    ],
)
def test_a_disk_is_not_what_it_cannot_be(world: World, change: dict[str, object]) -> None:
    device = {"source_type": "image", "destination_type": "local", "boot_index": 0}
    device["uuid"] = world.image
    answer = world.post(block_device_mapping_v2=[{**device, **change}], networks="none")
    assert (
        answer.status_code == 400 and next(iter(change)) in answer.text
    ) or "device" in answer.text
    plain = {**device, "device_type": "disk", "disk_bus": "virtio", "device_name": "/dev/vda"}
    assert world.post(block_device_mapping_v2=[plain], networks="none").status_code == 202
