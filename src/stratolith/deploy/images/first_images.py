"""The first images of a new cloud, as files on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stratolith.deploy.errors import DeployError
from stratolith.kernel.bootstrap import SeedImage

SIMULATED_BYTES = 1 << 20


def simulated(folder: Path) -> dict[str, Path]:
    """Image name -> sparse file; simulated guests never read their disk."""
    paths = {}
    for number, name in enumerate(["cirros", "cirros-alt"], start=1):
        paths[name] = folder / f"simulated-{name}.raw"
        paths[name].touch(mode=0o600)
        with paths[name].open("r+b") as handle:
            handle.truncate(number * SIMULATED_BYTES)  # two images differ
    return paths


def real(wish: str | None, cache: Path, say: Callable[[str], None]) -> dict[str, Path]:
    """Image name -> file: the image that was asked for, else from the cache or the network."""
    from stratolith.deploy import guest_image

    cache.mkdir(parents=True, exist_ok=True)
    try:
        path = guest_image.prepare(wish, cache, say).absolute()
        other = guest_image.prepare_alternate(path, cache, say).absolute()
    except guest_image.GuestImageError as error:
        raise DeployError(
            f"No guest image: {error}",
            "connect this machine to the network, or bring an image: stratolith up --image FILE",
        ) from None
    return {"cirros": path, "cirros-alt": other}


def described(name: str, path: Path) -> SeedImage:
    """The entry of an image in the seed."""
    with path.open("rb") as handle:
        disk_format = "qcow2" if handle.read(4) == b"QFI\xfb" else "raw"
    return SeedImage(name=name, path=str(path), disk_format=disk_format)
