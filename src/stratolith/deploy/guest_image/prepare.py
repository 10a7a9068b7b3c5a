"""Provides the guest image: from the cache, by download or build, or the user's own."""

import hashlib
import json
import platform
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import disk
from .architectures import of_machine
from .builder import build
from .download import DownloadError, digest, download
from .errors import GuestImageError
from .judging import judge

CIRROS_VERSION = "0.6.3"
CIRROS_URL = "https://download.cirros-cloud.net/{version}/cirros-{version}-{machine}-disk.img"
# By Debian architecture: the machine name in the file name, and the file's SHA-256.
CIRROS: dict[str, tuple[str, str]] = {
    "amd64": ("x86_64", "7d6355852aeb6dbcd191bcda7cd74f1536cfe5cbf8a10495a7283a8396e4b75b"),
    "arm64": ("aarch64", "611879b8299363fe60ff0f84982e4da08e63f476e8481170223db982959783cb"),
}
CONNECT_TIMEOUT = 3.0

Progress = Callable[[str], None]


def prepare(source: str | None, cache: Path, progress: Progress) -> Path:
    """The image file to offer as `cirros`, for the architecture of this machine.

    `source` is "auto" or None (from the cache, else download, else build), "download",
    "build", the path of a file, or an http(s) URL. Work is not repeated: a finished image in
    `cache` is used again as long as its checksum and recipe are right. Raises GuestImageError.
    """
    source = source or "auto"
    if source.startswith(("http://", "https://")):
        return _own_url(source, cache, progress)
    if source == "auto":
        return _automatic(cache, progress)
    if source == "download":
        return _cirros(cache, progress, 10.0)
    if source == "build":
        return prepare_built(host_architecture(), cache, progress)
    return _own_file(source, cache, progress)


def prepare_alternate(image: Path, cache: Path, progress: Progress) -> Path:
    """A second file with the same content for the image `cirros-alt`: other bytes, other size.

    Clients need two images that both boot (rebuild, Tempest's image_ref_alt). The copy is a
    compressed qcow2 with larger clusters, so it differs in checksum and size.
    """
    name = hashlib.sha256(f"{image.resolve()} {digest(image)}".encode()).hexdigest()[:16]
    out = cache / f"cirros-alt-{name}.qcow2"
    if out.is_file():
        progress(f"cirros-alt: {out} is there")
        return out
    cache.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    progress("cirros-alt: writing a compressed copy")
    source_format = judge(image, cache)
    options = ["compat=1.1", "cluster_size=131072"]
    disk.to_qcow2(image, part, options, compress=True, source_format=source_format)
    part.chmod(0o644)
    return part.replace(out)


def host_architecture() -> str:
    """Debian's name of this machine's architecture; GuestImageError when there is no image."""
    machine = platform.machine()
    known = of_machine(machine)
    if known is None:
        raise GuestImageError(f"no guest image for {machine}: give your own with --image")
    return known.name


def prepare_built(arch: str, cache: Path, progress: Progress) -> Path:
    """Our own guest image for the Debian architecture `arch`, built unless the cache has it.

    Raises GuestImageError.
    """
    cached = _valid_build(cache, arch)
    if cached is not None:
        progress(f"{cached.name} is in the cache")
        return cached
    image = build(cache / f"cirros-{arch}.qcow2", arch, cache, progress)
    note = {"recipe": _recipe(), "sha256": image.sha256}
    _note(cache, arch).write_text(json.dumps(note))
    return image.path


def _automatic(cache: Path, progress: Progress) -> Path:
    """Prefer a cached image; a machine without network must not wait at each start."""
    arch = host_architecture()
    for cached in (_valid_cirros(cache, arch), _valid_build(cache, arch)):
        if cached is not None:
            progress(f"{cached.name} is in the cache")
            return cached
    try:
        return _cirros(cache, progress, CONNECT_TIMEOUT)
    except DownloadError as error:
        progress(f"no download ({error}); building a guest image instead")
    return prepare_built(host_architecture(), cache, progress)


def _cirros_file(cache: Path, arch: str) -> Path:
    return cache / f"cirros-{CIRROS_VERSION}-{CIRROS[arch][0]}-disk.img"


def _valid_cirros(cache: Path, arch: str) -> Path | None:
    path = _cirros_file(cache, arch)
    return path if path.is_file() and digest(path) == CIRROS[arch][1] else None


def _cirros(cache: Path, progress: Progress, connect_timeout: float) -> Path:
    arch = host_architecture()
    machine, checksum = CIRROS[arch]
    url = CIRROS_URL.format(version=CIRROS_VERSION, machine=machine)
    progress(f"downloading {url}")
    target = _cirros_file(cache, arch)
    return download(url, target, checksum, _percent(progress, target.name), connect_timeout)


def _valid_build(cache: Path, arch: str) -> Path | None:
    path = cache / f"cirros-{arch}.qcow2"
    try:
        note = json.loads(_note(cache, arch).read_text())
        good = note["recipe"] == _recipe() and note["sha256"] == digest(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return path if good else None


def _note(cache: Path, arch: str) -> Path:
    return cache / f"cirros-{arch}.json"


def _recipe() -> str:
    """A fingerprint of everything in this package that goes into a built image."""
    total = hashlib.sha256()
    with resources.as_file(resources.files(__package__)) as package:
        for path in sorted(package.rglob("*")):
            is_source = path.suffix == ".py" or "rootfs" in path.parts or "initramfs" in path.parts
            if path.is_file() and is_source and "__pycache__" not in path.parts:
                total.update(path.relative_to(package).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _own_url(url: str, cache: Path, progress: Progress) -> Path:
    name = Path(unquote(urlsplit(url).path)).name or "image"
    target = cache / "own" / f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{name}"
    if target.is_file():
        progress(f"{url} is in the cache")
    else:
        progress(f"downloading {url}")
        download(url, target, None, _percent(progress, name))
    try:
        judge(target, target.parent)
    except GuestImageError:
        target.unlink()
        raise
    return target


def _own_file(name: str, cache: Path, progress: Progress) -> Path:
    path = Path(name.removeprefix("file://")).expanduser()
    disk_format = judge(path, cache)
    progress(f"using {path} ({disk_format})")
    return path.resolve()


def _percent(progress: Progress, name: str) -> Callable[[int, int | None], None]:
    """Turn byte counts into lines, one per 10 %, or per 16 MiB when the size is unknown."""
    last_step = -1

    def report(have: int, total: int | None) -> None:
        nonlocal last_step
        step = have * 10 // total if total else have >> 24
        if step == last_step:
            return
        last_step = step
        share = f"{have * 100 // total} % of {total / 2**20:.1f} MiB" if total else ""
        progress(f"{name}: {share or f'{have / 2**20:.1f} MiB'}")

    return report
