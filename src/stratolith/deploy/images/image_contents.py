"""Inspect a disk without mounting it: boot sectors, guest tools, files of a former machine.

On an uncompressed disk, file names and boot loader settings can be found as text in every common
file system; Windows writes them in UTF-16.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from stratolith.kernel import architecture

# programs that read SSH keys and user data in a guest
TOOLS = (b"cloud-init", b"cirros-init", b"ignition", b"libexec/guest/metadata")
WINDOWS_TOOLS = (b"cloudbase-init",)
# in a boot loader or in the inittab of busybox; ttyAMA0 is the serial port on ARM
SERIAL = (b"console=ttyS0", b"ttyS0::respawn", b"console=ttyAMA0")
OLD_NICS = b"70-persistent-net.rules"
VIRTIO_DISK, WINDOWS_LOADER = b"viostor", b"bootmgr"
WIDE = (*WINDOWS_TOOLS, VIRTIO_DISK, WINDOWS_LOADER)  # names in NTFS
# Where UEFI boots from, as a FAT directory writes it (8.3), and on which processor.
BOOT_FILES = {b"BOOTAA64EFI": "aarch64", b"BOOTX64 EFI": "x86_64"}
WORDS = (*TOOLS, *SERIAL, OLD_NICS, *BOOT_FILES, *WIDE)
_ENCODED = {word: word.decode().encode("utf-16-le") if word in WIDE else word for word in WORDS}
_LONGEST = 2 * max(len(word) for word in WORDS)
_SECTOR = 512
_GPT_ENTRIES = 128
_EFI = struct.pack("<IHH", 0xC12A7328, 0xF81F, 0x11D2) + bytes.fromhex("BA4B00A0C93EC93B")
_DATA = struct.pack("<IHH", 0xEBD0A0A2, 0xB9E5, 0x4433) + bytes.fromhex("87C068B6B72699C7")
_HEAD = 2 * _SECTOR + _GPT_ENTRIES * 128


@dataclass(frozen=True)
class Contents:
    """What was found on a disk; ``words`` are those of WORDS that occur on it."""

    words: frozenset[bytes] = field(default_factory=frozenset)
    has_boot_code: bool = False
    has_efi: bool = False
    is_windows: bool = False

    @property
    def architectures(self) -> frozenset[str]:
        """The architectures on which the disk boots by UEFI."""
        return frozenset(BOOT_FILES[word] for word in self.words & set(BOOT_FILES))


class Search:
    """Searches a disk that is passed in block by block, from beginning to end."""

    def __init__(self) -> None:
        self._missing = set(WORDS)
        self._head = b""
        self._tail = b""

    def feed(self, block: bytes) -> None:
        if len(self._head) < _HEAD:
            self._head = (self._head + block)[:_HEAD]
        if not any(self._tail) and block.count(0) == len(block):
            return
        seen = self._tail + block
        for word in list(self._missing):
            if _ENCODED[word] in seen:
                self._missing.discard(word)
        self._tail = block[-_LONGEST:]

    def result(self) -> Contents:
        kinds = list(_partition_kinds(self._head))
        boots = self._head[510:512] == b"\x55\xaa" and any(self._head[:440])
        return Contents(
            frozenset(set(WORDS) - self._missing),
            has_boot_code=boots,
            has_efi=_EFI in kinds or b"\xef" in kinds,
            # Linux programs contain these names too, but not in UTF-16
            is_windows=WINDOWS_LOADER not in self._missing and bool({b"\x07", _DATA} & set(kinds)),
        )


def hints(contents: Contents, properties: Collection[str] = ()) -> list[str]:
    """Sentences about what may keep a server of this disk from working.

    ``properties``: names of the image's properties.
    """
    messages: list[str] = []
    is_foreign = (
        contents.architectures and architecture.of_this_host() not in contents.architectures
    )
    if is_foreign and "hw_architecture" not in properties:
        name = min(contents.architectures)
        messages.append(
            f"it boots on {name}, not on this host's processor: --property hw_architecture={name} "
            "leads its servers to hosts that can run it."
        )
    if not contents.words & {*TOOLS, *WINDOWS_TOOLS}:
        messages.append("no cloud-init found: a server of it may take no SSH key and no user data.")
    if not contents.has_boot_code:
        messages += _without_boot_code(contents, properties)
    if contents.is_windows:
        if VIRTIO_DISK not in contents.words:
            messages.append("Windows without VirtIO drivers: it will not find its disk.")
    elif not contents.words & set(SERIAL):
        messages.append("no console=ttyS0 found: the console log of a server may stay empty.")
    if OLD_NICS in contents.words:
        messages.append(
            "it remembers the network cards of another machine: run virt-sysprep on it."
        )
    return messages


def _without_boot_code(contents: Contents, properties: Collection[str]) -> list[str]:
    if not contents.has_efi and not contents.architectures:
        return ["no boot sector found: it boots only with a separate kernel."]
    if "x86_64" in contents.architectures and "hw_firmware_type" not in properties:
        return ["it boots by UEFI only: give it --property hw_firmware_type=uefi."]
    return []


def _partition_kinds(head: bytes) -> Iterable[bytes]:
    """Type bytes of an MBR, type GUIDs of a GPT."""
    if head[510:512] == b"\x55\xaa":
        for number in range(4):
            yield head[446 + 16 * number + 4 :][:1]
    if head[_SECTOR : _SECTOR + 8] == b"EFI PART":
        for at in range(2 * _SECTOR, len(head) - 127, 128):
            yield head[at : at + 16]
