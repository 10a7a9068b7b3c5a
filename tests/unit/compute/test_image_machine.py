"""What the properties of an image say about the machine it wants."""

from __future__ import annotations

import platform

import pytest

from stratolith.compute.managers import image_machine
from stratolith.compute.managers.image_machine import ImageMachine
from stratolith.kernel import architecture
from stratolith.kernel.exceptions import BadRequest


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, ImageMachine("", "", "")),
        ({"hw_architecture": "aarch64"}, ImageMachine("aarch64", "", "")),
        ({"hw_architecture": "arm64"}, ImageMachine("aarch64", "", "")),
        ({"hw_architecture": "AMD64"}, ImageMachine("x86_64", "", "")),
        ({"hw_architecture": "i386"}, ImageMachine("i686", "", "")),
        ({"architecture": "s390x"}, ImageMachine("s390x", "", "")),
        ({"architecture": "s390x", "hw_architecture": ""}, ImageMachine("s390x", "", "")),
        (
            {"architecture": "x86_64", "hw_architecture": "x86_64"}
            | {"hw_emulation_architecture": "aarch64"},
            ImageMachine("aarch64", "", ""),
        ),
        (
            {"hw_firmware_type": "uefi", "hw_machine_type": "pc-q35-7.2"},
            ImageMachine("", "uefi", "pc-q35-7.2"),
        ),
    ],
)
def test_what_images_ask_for(properties: dict[str, str], expected: ImageMachine) -> None:
    assert image_machine.of(properties) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hw_architecture", "vax"),
        ("architecture", "x86-64"),
        ("hw_emulation_architecture", " "),
        ("hw_firmware_type", "UEFI"),
        ("hw_machine_type", "pc,accel=kvm"),
        ("hw_machine_type", "-S"),
        ("hw_machine_type", "q35\n"),
    ],
)
def test_what_no_machine_is_called(name: str, value: str) -> None:
    with pytest.raises(BadRequest, match="Invalid image metadata"):
        image_machine.of({name: value})
    # the copy that a server keeps is not judged again: a host must not fail over it
    assert image_machine.of_server({"properties": {name: value}}) == ImageMachine("", "", "")
    assert image_machine.of_server({}) == ImageMachine("", "", "")


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("arm64", "aarch64"), ("vax", "vax")],
)
def test_the_architecture_of_this_host(
    machine: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert architecture.of_this_host() == expected
