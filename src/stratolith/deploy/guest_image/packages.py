"""Debian packages of the guest: their names, and how they are downloaded into the cache."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from .architectures import Architecture
from .errors import GuestImageError

SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCES = (
    f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {SUITE} main\n"
    f"deb [signed-by={KEYRING}] http://deb.debian.org/debian-security {SUITE}-security main\n"
)

# Programs first, then the libraries they link against. The closure is written out because apt's
# own would bring Perl and a hundred more; a missing library fails the build by name.
PACKAGES: tuple[str, ...] = (
    "busybox-static", "dropbear-bin", "sudo", "util-linux", "e2fsprogs", "curl", "wget", "iproute2",
    "iputils-ping", "dhcpcd-base",
    "libc6", "libcrypt1", "libtomcrypt1", "libtommath1", "libgmp10", "zlib1g",
    "libpam0g", "libpam-modules", "libaudit1", "libcap-ng0", "libselinux1", "libpcre2-8-0",
    "libblkid1", "libmount1", "libsmartcols1", "libudev1", "libuuid1", "libcap2", "libtinfo6",
    "libbpf1", "libelf1", "libmnl0", "libbsd0", "libmd0",
    "libext2fs2", "libcom-err2", "libss2",
    "libcurl4", "libnghttp2-14", "libidn2-0", "libunistring2", "librtmp1", "libssh2-1",
    "libpsl5", "libssl3", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0",
    "libkeyutils1", "libldap-2.5-0", "libsasl2-2", "libzstd1", "libbrotli1", "libgnutls30",
    "libhogweed6", "libnettle8", "libp11-kit0", "libtasn1-6", "libffi8",
)  # fmt: skip
# Unpacked on its own, since its one file has the same name as busybox-static's.
SHELL_PACKAGE = "busybox"

Progress = Callable[[str], None]


def kernel_metapackage(arch: Architecture) -> str:
    """The package that depends on the newest kernel made for virtual machines."""
    return f"linux-image-cloud-{arch.name}"


def fetch(arch: Architecture, cache: Path, progress: Progress) -> list[Path]:
    """All package files of the guest for `arch`, from the cache or else from Debian.

    The cache remembers names and checksums, so a complete cache needs no network.
    Raises GuestImageError when packages are missing and cannot be downloaded.
    """
    directory = cache / f"packages-{arch.name}"
    known = _complete(arch, directory)
    if known is not None:
        progress(f"{len(known)} Debian packages found in the cache")
        return known
    directory.mkdir(parents=True, exist_ok=True)
    try:
        return _download(arch, directory, [], progress)
    except GuestImageError as first:
        # The package lists of this machine may be old or of another distribution.
        progress(f"asking Debian's archive directly ({first})")
        return _download(arch, directory, _private_apt(arch, directory, progress), progress)


def unpack(packages: Sequence[Path], target: Path, shell: Path) -> None:
    """Extract the packages into `target`, the shell's into `shell`; nothing gets installed.

    Absolute links are made relative: libc's link to its loader would lead to this machine's loader.
    """
    for package in packages:
        into = shell if package.name.partition("_")[0] == SHELL_PACKAGE else target
        into.mkdir(parents=True, exist_ok=True)
        _run(["dpkg-deb", "-x", str(package), str(into)])
    for tree in (target, shell):
        _turn_links_inward(tree)


def _turn_links_inward(tree: Path) -> None:
    """Make absolute links relative ones to the same place below `tree`."""
    for folder, folders, files in os.walk(tree):
        for name in (*folders, *files):
            link = Path(folder, name)
            if link.is_symlink() and link.readlink().is_absolute():
                goal = tree / link.readlink().relative_to("/")
                link.unlink()
                link.symlink_to(os.path.relpath(goal, folder))


def _complete(arch: Architecture, directory: Path) -> list[Path] | None:
    try:
        wanted: dict[str, str] = json.loads((directory / "manifest.json").read_text())
    except (OSError, ValueError):
        return None
    have = {name.partition("_")[0] for name in wanted}
    has_kernel = any(name.startswith("linux-image-") for name in have)
    if not has_kernel or not have.issuperset(_names(arch)):  # the list has grown since
        return None
    files = [directory / name for name in sorted(wanted)]
    for file in files:
        if not file.is_file() or _sha256(file) != wanted[file.name]:
            return None
    return files


def _download(
    arch: Architecture, directory: Path, options: list[str], progress: Progress
) -> list[Path]:
    if not options and (arch.name != _native_arch() or _host_suite() != SUITE):
        raise GuestImageError(f"this machine is not Debian {SUITE} on {arch.name}")
    kernel = _kernel_package(arch, options)
    names = [kernel, *_names(arch)]
    progress(f"downloading {len(names)} Debian packages ({kernel})")
    for old in directory.glob("*.deb"):
        old.unlink()
    apt = ["apt-get", "-qq", "-o", "APT::Sandbox::User=", *options]
    _run([*apt, "download", *names], cwd=directory)
    files = sorted(directory.glob("*.deb"))
    if len(files) != len(names):
        raise GuestImageError(f"asked apt for {len(names)} packages and got {len(files)}")
    manifest = {file.name: _sha256(file) for file in files}
    (directory / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return files


def _names(arch: Architecture) -> list[str]:
    return [*PACKAGES, SHELL_PACKAGE, *arch.boot_packages]


def _kernel_package(arch: Architecture, options: list[str]) -> str:
    answer = _run(["apt-cache", *options, "depends", kernel_metapackage(arch)])
    for line in answer.splitlines():
        word = line.strip()
        if word.startswith("Depends: linux-image-"):
            return word.removeprefix("Depends: ")
    raise GuestImageError(f"no kernel package found through {kernel_metapackage(arch)}")


def _private_apt(arch: Architecture, directory: Path, progress: Progress) -> list[str]:
    """apt options for a separate apt state, so that the machine's is neither used nor changed."""
    if not KEYRING.exists():
        raise GuestImageError(f"{KEYRING} is missing: install debian-archive-keyring")
    state = directory / "apt"
    for name in ("lists/partial", "cache/archives/partial", "empty"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    (state / "sources.list").write_text(SOURCES)
    settings = {
        "APT::Architecture": arch.name, "APT::Architectures": arch.name,
        "Dir::State::Lists": state / "lists", "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache", "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": state / "empty", "APT::Sandbox::User": "",
    }  # fmt: skip
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    progress(f"reading Debian {SUITE}'s package lists")
    _run(["apt-get", "-qq", *options, "update"])
    return options


def _native_arch() -> str:
    return _run(["dpkg", "--print-architecture"]).strip()


def _host_suite() -> str:
    release = Path("/etc/os-release")
    for line in release.read_text().splitlines() if release.exists() else []:
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command: list[str], cwd: Path | None = None) -> str:
    if shutil.which(command[0]) is None:
        raise GuestImageError(f"{command[0]} is not installed")
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    )  # fmt: skip
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()
        raise GuestImageError(f"{command[0]} failed: {reason[-1] if reason else 'no message'}")
    return done.stdout
