"""`stratolith image import FILE`: looks at a disk image, converts it if asked, uploads it.

The file is never mounted: what is said about it comes from its headers and from names that
lie in plain sight on an uncompressed disk.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.image.exceptions import InvalidImageData
from stratolith.image.schemas.images import DISK_FORMATS
from stratolith.image.store.inspection import Inspection
from stratolith.kernel import architecture

BLOCK = 4 << 20
CONVERT_SECONDS = 3600
CONVERT_MEMORY = 2 << 30
# qemu-img's names of formats that the image API calls otherwise
QEMU_NAMES = {"vhd": "vpc", "iso": "raw"}
GUEST_TOOLS = (b"cloud-init", b"cirros-init", b"ignition", b"cloudbase-init")
# Where UEFI boots from, as a FAT directory writes it (8.3), and on which processor.
BOOT_FILES = {b"BOOTAA64EFI": "aarch64", b"BOOTX64 EFI": "x86_64"}
MARKS = (*GUEST_TOOLS, *BOOT_FILES)
LONGEST = max(len(one) for one in MARKS)


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; ``properties`` are NAME=VALUE, ``min_ram`` is in MiB."""

    file: Path
    name: str | None = None
    convert: str | None = None
    public: bool = False
    properties: Sequence[str] = field(default_factory=tuple)
    min_ram: int = 0


@dataclass(frozen=True)
class Findings:
    """What a file is. Sizes in bytes; ``tools``: names of guest agents seen in it,
    ``architectures``: of processors on which it boots by UEFI."""

    format: str
    size: int
    virtual_size: int | None
    tools: frozenset[bytes]
    has_boot_sector: bool
    architectures: frozenset[str] = frozenset()


def run(layout: Layout, wishes: Wishes, out: TextIO = sys.stdout) -> int:
    """Import one file; raises DeployError. Returns the exit status."""
    properties = _properties(wishes.properties)
    found = inspect(wishes.file)
    print(f"{wishes.file}: {found.format}, {found.size >> 20} MiB", file=out)
    client = ApiClient(credentials.access(layout, layout.settings()), "admin")
    with tempfile.TemporaryDirectory(dir=layout.state_dir, prefix="image-import-") as folder:
        file, told = wishes.file, hints(found, properties)
        if wishes.convert and wishes.convert != found.format:
            file = Path(folder) / f"converted.{wishes.convert}"
            print(f"Converting to {wishes.convert} ...", file=out)
            convert(wishes.file, found.format, file, wishes.convert)
            found = inspect(file)
        for hint in told or hints(found, properties):
            print(f"Hint: {hint}", file=out)
        image_id = _upload(client, file, found, wishes, properties, out)
    print(f"Image {image_id} is active.", file=out)
    return 0


def inspect(file: Path) -> Findings:
    """Read the whole file once; raises DeployError when it is not an image to be trusted."""
    size, tail, first = 0, b"", b""
    marks: set[bytes] = set()
    inspection = Inspection("raw", "bare", enforce=False)
    try:
        for block in _blocks(file):
            first = first or block[:512]
            size += len(block)
            inspection.feed(block)
            seen = tail + block
            marks.update(one for one in MARKS if one in seen)
            tail = block[-LONGEST:]
        virtual_size, found = inspection.verdict(), inspection.format
    except OSError as error:
        raise DeployError(f"{file} cannot be read: {error.strerror}.") from None
    except InvalidImageData as error:
        raise DeployError(f"{file} is refused: {error}") from None
    if size == 0:
        raise DeployError(f"{file} is empty.")
    disk_format = found if found in DISK_FORMATS else "raw"
    boots = first[510:512] == b"\x55\xaa"
    tools = frozenset(marks.intersection(GUEST_TOOLS))
    architectures = frozenset(BOOT_FILES[one] for one in marks.intersection(BOOT_FILES))
    return Findings(disk_format, size, virtual_size, tools, boots, architectures)


def hints(found: Findings, properties: Collection[str] = ()) -> list[str]:
    """Sentences about what may keep a server of this image from working.

    ``properties``: names of those the image is given.
    """
    told: list[str] = []
    is_foreign = found.architectures and architecture.of_this_host() not in found.architectures
    if is_foreign and "hw_architecture" not in properties:
        name = min(found.architectures)
        told.append(
            f"it boots on {name}, not on this host's processor: --property hw_architecture={name} "
            "leads its servers to hosts that can run it."
        )
    if found.format != "raw":
        # other formats may be compressed, so that names in them cannot be seen
        return told
    if not found.tools:
        told.append("no cloud-init found: a server of it may take no SSH key and no user data.")
    if not found.has_boot_sector:
        told.append("no boot sector found: it boots only with a separate kernel.")
    return told


def convert(source: Path, source_format: str, target: Path, target_format: str) -> None:
    """qemu-img under limits of time and memory; raises DeployError."""
    command = ["qemu-img", "convert", "-f", QEMU_NAMES.get(source_format, source_format)]
    command += ["-O", target_format, str(source.resolve()), str(target)]
    try:
        subprocess.run(
            command, check=True, capture_output=True, timeout=CONVERT_SECONDS, preexec_fn=_limit
        )
    except FileNotFoundError:
        raise DeployError("qemu-img is not installed.", "apt install qemu-utils") from None
    except subprocess.TimeoutExpired:
        raise DeployError(f"{source} could not be converted within an hour.") from None
    except subprocess.CalledProcessError as error:
        text = error.stderr.decode(errors="replace").strip()[:300]
        raise DeployError(f"{source} cannot be converted: {text}") from None


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (CONVERT_MEMORY, CONVERT_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CONVERT_SECONDS, CONVERT_SECONDS))


def _properties(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise DeployError(f"--property {text} is not NAME=VALUE.")
        found[name] = value
    return found


def _upload(
    client: ApiClient,
    file: Path,
    found: Findings,
    wishes: Wishes,
    properties: dict[str, str],
    out: TextIO,
) -> str:
    body: dict[str, Any] = {
        **properties,
        "name": wishes.name or wishes.file.stem,
        "disk_format": found.format,
        "container_format": "bare",
        "min_ram": wishes.min_ram,
        "visibility": "public" if wishes.public else "shared",
    }
    image_id = str(client.post("image", "/v2/images", body)["id"])
    try:
        blocks = _with_progress(_blocks(file), found.size, out)
        client.upload("image", f"/v2/images/{image_id}/file", blocks, found.size)
    except BaseException:
        client.delete("image", f"/v2/images/{image_id}")
        raise
    return image_id


def _with_progress(blocks: Iterator[bytes], size: int, out: TextIO) -> Iterator[bytes]:
    """The blocks; on a terminal a bar tells how many have gone."""
    sent, shows = 0, out.isatty()
    for block in blocks:
        yield block
        sent += len(block)
        if shows:
            done = 30 * sent // size
            bar = "#" * done + "." * (30 - done)
            print(f"\r[{bar}] {100 * sent // size:3d} %", end="", file=out, flush=True)
    if shows:
        print(file=out)


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            yield block
