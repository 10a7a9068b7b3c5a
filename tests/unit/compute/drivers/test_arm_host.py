"""What the parts of a host do on an ARM machine: decided by its name, so it can be tried here."""

from __future__ import annotations

import platform

import pytest

from stratolith.compute.drivers.base import GuestSpec
from stratolith.compute.drivers.qemu import firmware, machines, programs, smoke
from stratolith.deploy import guest_image, prepare
from stratolith.kernel.bootstrap import SeedImage

pytestmark = pytest.mark.usefixtures("arm")


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")


def test_its_own_guests_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    own = machines.platform_of("")
    assert own.program == "qemu-system-aarch64"
    assert machines.is_native(own) and not machines.is_native(machines.platform_of("x86_64"))
    monkeypatch.setattr(programs, "is_present", lambda name: True)
    monkeypatch.setattr(firmware, "is_present", lambda name: True)
    assert machines.runnable() == ["aarch64", "x86_64", "i686"]


def test_kvm_is_proven_with_its_own_instructions() -> None:
    trial = smoke.of_this_host()
    assert trial is smoke.AARCH64
    assert trial.rom().startswith(bytes.fromhex("0006a0d2401018d5"))
    assert len(trial.rom()) == smoke.SIZE
    assert trial.kvm_modules == ()  # ARM's KVM is no module


def test_packages_of_an_arm_host() -> None:
    needed = {package.name: package for package in prepare.required_packages()}
    assert needed["qemu-system-arm"].is_required and needed["qemu-efi-aarch64"].is_required
    assert "qemu-system-x86" not in needed
    optional = {one.name for one in prepare.required_packages(optional=True)} - needed.keys()
    assert "qemu-system-x86" in optional


def test_images_of_an_arm_host() -> None:
    assert guest_image.host_architecture() == "arm64"
    assert SeedImage(name="cirros", path="/nowhere").architecture == "aarch64"


def test_a_guest_that_says_nothing_is_an_arm_guest() -> None:
    spec = GuestSpec(id="i", name="g", vcpus=1, memory_mb=64)
    assert machines.platform_of(spec.arch).boards[0].name == "virt"
