"""`stratolith image import FILE`: unpacks a file, converts, inspects and uploads its disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient
from stratolith.deploy.errors import DeployError
from stratolith.deploy.images import image_contents, image_files
from stratolith.deploy.images.image_files import FOREIGN, Findings
from stratolith.deploy.layout import Layout
from stratolith.kernel import architecture

# properties by which the scheduler chooses hosts of an architecture
ARCHITECTURE = ("hw_emulation_architecture", "hw_architecture", "architecture")
_WORK = "image-import-"  # prefix of working directories; the pid follows
KEEP = "keep"  # upload the disk in the format it has
SUFFIXES = (".gz", ".xz", ".bz2", ".zip", ".ova", ".qcow2", ".img", ".raw", ".iso")


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; ``properties`` are NAME=VALUE, ``min_ram`` is in MiB.

    ``convert``: a format, KEEP, or None for the format that suits the hosts.
    """

    file: Path
    name: str | None = None
    convert: str | None = None
    public: bool = False
    properties: Sequence[str] = field(default_factory=tuple)
    min_ram: int = 0


class Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shows = out.isatty()
        self._what = ""

    def __call__(self, what: str, percent: float) -> None:
        if not self._shows:
            return
        if self._what and what != self._what:
            print(file=self._out)
        self._what = what
        done = int(30 * percent / 100)
        bar = "#" * done + "." * (30 - done)
        print(f"\r[{bar}] {percent:3.0f} % {what}", end="", file=self._out, flush=True)

    def end(self) -> None:
        """End the line of the bar."""
        if self._what:
            print(file=self._out)
        self._what = ""


def run(layout: Layout, wishes: Wishes, out: TextIO = sys.stdout) -> int:
    """Import one file; raises DeployError. Returns the exit status."""
    properties = _properties(wishes.properties)
    image_files.require_file(wishes.file)
    progress = Progress(out)
    client = ApiClient(credentials.access(layout, layout.settings()), "admin")
    sweep(layout.state_dir)
    prefix = f"{_WORK}{os.getpid()}-"
    with tempfile.TemporaryDirectory(dir=layout.state_dir, prefix=prefix) as name:
        folder = Path(name)
        file = image_files.unwrap(wishes.file, folder, progress)
        findings = image_files.inspect(file)
        progress.end()
        print(f"{wishes.file}: {findings.format}, {_sizes(findings)}", file=out)
        image_files.check(file, findings, folder)
        contents = image_files.contents(file, findings, folder, progress)
        file, findings = _converted(file, findings, folder, wishes.convert, progress)
        progress.end()
        for hint in image_contents.hints(contents, properties) if contents is not None else ():
            print(f"Hint: {hint}", file=out)
        image_id = _upload(client, file, findings, wishes, properties, progress)
    progress.end()
    print(f"Image {image_id} is active: {findings.format}, {_sizes(findings)}.", file=out)
    return 0


def sweep(folder: Path) -> None:
    """Remove directories of killed imports: they may hold a user's private disk."""
    for path in folder.glob(f"{_WORK}*"):
        pid = path.name.removeprefix(_WORK).partition("-")[0]
        if not (pid.isdigit() and Path("/proc", pid).exists()):
            shutil.rmtree(path, ignore_errors=True)


def _converted(
    file: Path, findings: Findings, folder: Path, wish: str | None, progress: Progress
) -> tuple[Path, Findings]:
    wanted = wish or ("qcow2" if findings.format in FOREIGN else KEEP)
    if wanted in (KEEP, findings.format):
        return file, findings
    if findings.format == "iso":
        raise DeployError("An ISO is no disk, it cannot be converted.", f"--convert {KEEP}")
    target = folder / "converted"
    image_files.convert(file, findings, target, wanted, progress)
    return target, image_files.inspect(target, quiet=True)


def _sizes(findings: Findings) -> str:
    text = f"{_human(findings.size)}"
    if findings.virtual_size and findings.virtual_size != findings.size:
        text += f" (a disk of {_human(findings.virtual_size)})"
    return text


def _human(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 1 << 30 else f"{-(-size >> 20)} MiB"


def _properties(texts: Sequence[str]) -> dict[str, str]:
    properties = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise DeployError(f"--property {text} is not NAME=VALUE.")
        if name in ARCHITECTURE and architecture.canonical(value) is None:
            raise DeployError(
                f"--property {text}: there is no architecture {value!r}.",
                f"known: {', '.join(sorted(architecture.NAMES))}",
            )
        properties[name] = value
    return properties


def _name(file: Path) -> str:
    """The file name without its known suffixes."""
    name = file.name
    kinds = (*SUFFIXES, *(f".{kind}" for kind in FOREIGN))
    while (stem := name.rpartition(".")[0]) and name[len(stem) :].lower() in kinds:
        name = stem
    return name


def _upload(
    client: ApiClient,
    file: Path,
    findings: Findings,
    wishes: Wishes,
    properties: dict[str, str],
    progress: Progress,
) -> str:
    body: dict[str, Any] = {
        **properties,
        "name": wishes.name or _name(wishes.file),
        "disk_format": findings.format,
        "container_format": "bare",
        "min_ram": wishes.min_ram,
        "visibility": "public" if wishes.public else "shared",
    }
    image_id = str(client.post("image", "/v2/images", body)["id"])
    try:
        blocks = _with_progress(image_files.blocks(file), findings.size, progress)
        client.upload("image", f"/v2/images/{image_id}/file", blocks, findings.size)
    except BaseException:
        client.delete("image", f"/v2/images/{image_id}")
        raise
    return image_id


def _with_progress(blocks: Iterator[bytes], size: int, progress: Progress) -> Iterator[bytes]:
    sent = 0
    for block in blocks:
        yield block
        sent += len(block)
        progress("Uploading", 100.0 * sent / size)
