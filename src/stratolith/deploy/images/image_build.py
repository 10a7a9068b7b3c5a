"""`stratolith image build`: makes the small test guest, for this or another architecture."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from stratolith.deploy import guest_image
from stratolith.deploy.errors import DeployError
from stratolith.deploy.guest_image.architectures import architecture
from stratolith.deploy.images import image_import
from stratolith.deploy.layout import Layout
from stratolith.deploy.prepare import required_packages
from stratolith.deploy.steps import Report


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; ``architecture`` is Debian's name, None for this machine's.

    ``output``: None to leave the image in ``cache``, where the packages are kept, too.
    """

    cache: Path
    architecture: str | None = None
    output: Path | None = None
    upload: bool = False
    name: str | None = None
    public: bool = False


def run(
    wishes: Wishes, find_cloud: Callable[[], Layout], report: Report, out: TextIO = sys.stdout
) -> int:
    """Build the image, or take it from the cache. Returns the exit status; raises DeployError.

    ``find_cloud`` is called only for an upload.
    """
    layout = find_cloud() if wishes.upload else None  # first: fails if there is no cloud
    try:
        arch = architecture(wishes.architecture or guest_image.host_architecture())
        with report.ticking("building the guest image"):
            image = guest_image.prepare_built(arch.name, wishes.cache, report.say)
    except guest_image.GuestImageError as error:
        raise DeployError(f"The image cannot be built: {error}.") from None
    if wishes.output is not None:
        image = _copy(image, wishes.output)
    print(image, file=out)
    if layout is None:
        return 0
    _hint(arch.name, arch.machine, report)
    properties = [f"hw_architecture={arch.machine}"]
    properties += ["hw_firmware_type=uefi"] if arch.stub else []
    return image_import.run(
        layout,
        image_import.Wishes(
            file=image,
            name=wishes.name or f"cirros-{arch.name}",
            public=wishes.public,
            properties=properties,
            min_ram=arch.memory_mb,
        ),
        out,
    )


def _copy(image: Path, output: Path) -> Path:
    """Copy the image to where the user wants it, atomically; returns the path."""
    target = output / image.name if output.is_dir() else output
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(image, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DeployError(f"{target} cannot be written: {error.strerror}.") from None
    return target


def _hint(name: str, machine: str, report: Report) -> None:
    from stratolith.compute.drivers.qemu import machines

    if machine in machines.runnable():
        return
    lacking = [
        package.name
        for package in required_packages(optional=True)
        if package.guests == name and not package.is_present()
    ]
    report.say(
        f"This host cannot run guests of {name} yet. To let it: "
        f"apt-get install --no-install-recommends {' '.join(lacking)}"
    )
