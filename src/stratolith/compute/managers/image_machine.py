"""The machine that an image requests in its properties: architecture, firmware, type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from stratolith.kernel import architecture
from stratolith.kernel.exceptions import BadRequest

# The first property that is set is used; ``architecture`` is the property of old images.
_ARCHITECTURE = ("hw_emulation_architecture", "hw_architecture", "architecture")
_FIRMWARE = ("bios", "uefi")
# No comma: on a hypervisor's command line it would begin another option.
_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ImageMachine(NamedTuple):
    """An empty field is not set by the image: the host's default applies."""

    architecture: str
    firmware: str
    machine: str


def of(properties: Mapping[str, str]) -> ImageMachine:
    """Read the properties of an image; raises BadRequest that names the wrong property."""
    name = next((properties[name] for name in _ARCHITECTURE if properties.get(name)), "")
    canonical_name = architecture.canonical(name) if name else ""
    if canonical_name is None:
        raise _invalid(f"Architecture name '{name}' is not valid")
    firmware = properties.get("hw_firmware_type") or ""
    if firmware and firmware not in _FIRMWARE:
        raise _invalid(f"Field value {firmware} of hw_firmware_type is invalid: bios or uefi")
    machine = properties.get("hw_machine_type") or ""
    if machine and not _MACHINE.fullmatch(machine):
        raise _invalid(f"Field value {machine} of hw_machine_type is invalid")
    return ImageMachine(canonical_name, firmware, machine)


def of_server(image: Mapping[str, Any]) -> ImageMachine:
    """The machine of a server, from its copy of the image; invalid properties are ignored."""
    try:
        return of(image.get("properties") or {})
    except BadRequest:
        return ImageMachine("", "", "")


def _invalid(reason: str) -> BadRequest:
    return BadRequest(f"Invalid image metadata. Error: {reason}")
