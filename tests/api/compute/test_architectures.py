"""Servers of images for other processors, over HTTP, on a host that says what it can run."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.compute.drivers.fake import FakeCapacity
from stratolith.kernel import architecture

from .conftest import DISK, World, error_of


def make_image(world: World, **properties: str) -> str:
    body = {"name": "other", "disk_format": "raw", "container_format": "bare", **properties}
    image_id: str = world.demo.post("image", "/images", json=body).json()["id"]
    stream = {"Content-Type": "application/octet-stream"}
    path = f"/images/{image_id}/file"
    assert world.demo.put("image", path, content=DISK, headers=stream).status_code == 204
    return image_id


def can_run(world: World, *architectures: str, uefi: tuple[str, ...] = ()) -> None:
    """From now on the host tells that it runs these, and nothing else."""
    vcpus = world.driver.capacity.vcpus + 1  # by which the news is known
    world.driver.capacity = FakeCapacity(vcpus=vcpus, architectures=architectures, uefi=uefi)
    world.cloud.hosts[0].rooms["guests"].sync(None)

    def is_told() -> bool:
        path = "/os-hypervisors/detail"
        return bool(world.admin.get("compute", path).json()["hypervisors"][0]["vcpus"] == vcpus)

    world.cloud.wait(is_told)


def fault_of(world: World, image: str) -> str:
    server_id = world.post(imageRef=image).json()["server"]["id"]
    return str(world.until(server_id, "ERROR")["fault"]["message"])


@pytest.mark.parametrize("name", ["aarch64", "arm64", "ARM64"])
def test_a_host_that_can_gets_the_server(world: World, name: str) -> None:
    server_id = world.create(imageRef=make_image(world, hw_architecture=name))
    path = f"/servers/{server_id}/action"
    told: Any = world.demo.post("compute", path, json={"os-getConsoleOutput": {}}).json()
    assert "machine: aarch64, simulated" in told["output"]


def test_without_such_a_host_the_fault_names_the_architecture(world: World) -> None:
    fault = fault_of(world, make_image(world, hw_architecture="s390x"))
    assert fault.startswith("No valid host was found.")
    assert "the image needs: the architecture s390x" in fault
    arm = make_image(world, hw_architecture="aarch64")
    can_run(world, "x86_64")
    assert fault_of(world, arm) == (
        "No valid host was found. No host offers what the image needs: the architecture aarch64."
    )
    can_run(world, "aarch64")
    world.create(imageRef=arm)


def test_firmware_is_a_reason_to_take_another_host(world: World) -> None:
    image = make_image(world, hw_firmware_type="uefi", hw_machine_type="q35")
    can_run(world, "x86_64")
    assert "the image needs: UEFI firmware" in fault_of(world, image)
    can_run(world, "x86_64", uefi=("x86_64",))
    world.create(imageRef=image)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hw_architecture", "vax"),
        ("architecture", "../../bin"),
        ("hw_firmware_type", "coreboot"),
        ("hw_machine_type", "q35,accel=kvm"),
    ],
)
def test_a_machine_that_does_not_exist_is_bad_request(world: World, name: str, value: str) -> None:
    image = make_image(world, **{name: value})
    answer = world.post(imageRef=image)
    assert answer.status_code == 400
    assert "Invalid image metadata" in error_of(answer) and value in error_of(answer)
    server_id = world.create()
    answer = world.act(server_id, "rebuild", {"imageRef": image})
    assert answer.status_code == 400
    assert value in error_of(answer)


def test_a_rebuild_stays_on_its_host_so_the_image_must_fit_it(world: World) -> None:
    server_id = world.create()
    arm = make_image(world, hw_architecture="aarch64")
    can_run(world, "x86_64")
    answer = world.act(server_id, "rebuild", {"imageRef": arm})
    assert answer.status_code == 400
    assert "the image needs: the architecture aarch64" in error_of(answer)
    assert "runs the architectures" not in error_of(answer)
    assert world.show(server_id)["status"] == "ACTIVE"
    can_run(world, "x86_64", "aarch64")
    assert world.act(server_id, "rebuild", {"imageRef": arm}).status_code == 202
    world.until(server_id, "ACTIVE")
    assert world.show(server_id)["image"]["id"] == arm


def test_the_hypervisor_tells_its_processor(world: World) -> None:
    path = "/os-hypervisors/detail"
    shown = world.admin.get("compute", path, microversion="2.28").json()["hypervisors"][0]
    assert shown["cpu_info"]["arch"] == architecture.of_this_host()


def test_placement_knows_what_the_host_runs(world: World) -> None:
    def traits() -> set[str]:
        provider = world.admin.get("placement", "/resource_providers").json()
        path = f"/resource_providers/{provider['resource_providers'][0]['uuid']}/traits"
        return set(world.admin.get("placement", path, microversion="1.6").json()["traits"])

    assert {"COMPUTE_ARCH_X86_64", "COMPUTE_ARCH_AARCH64"} <= traits()
    assert f"HW_ARCH_{architecture.of_this_host().upper()}" in traits()
    uuid = world.admin.get("placement", "/resource_providers").json()["resource_providers"][0]
    path = f"/resource_providers/{uuid['uuid']}/traits"
    world.admin.put("placement", "/traits/CUSTOM_GOLD", microversion="1.6")
    held = world.admin.get("placement", path, microversion="1.6").json()
    body = {**held, "traits": [*held["traits"], "CUSTOM_GOLD"]}
    answer = world.admin.put("placement", path, json=body, microversion="1.6")
    assert answer.status_code == 200, answer.text
    can_run(world, "aarch64")
    assert traits() >= {"COMPUTE_ARCH_AARCH64", "CUSTOM_GOLD"}
    assert "COMPUTE_ARCH_X86_64" not in traits()
