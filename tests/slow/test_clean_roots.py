"""`up` and `test` set up a machine that has next to nothing: clean Debian 12 and 13.

A root of each release is made once (mmdebstrap, some minutes) and kept in the checkout's .cache.
Each run unpacks it, puts the checkout in and works in a chroot: with the network of this machine
while packages are fetched, in a network namespace of its own while a real cloud runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache" / "clean-roots"
# What README says a machine must have, and what makes a chroot of it usable.
PACKAGES = "python3,python3-venv,git,ca-certificates,iproute2,procps"
PLACE = "/opt/stratolith"
# How this machine reaches package registries; absent files are skipped.
NETWORK = ["/etc/resolv.conf", "/etc/pip.conf", "/etc/xdg/pip", "/etc/ssl/certs",
           "/usr/local/share/ca-certificates", "/etc/apt/apt.conf.d"]  # fmt: skip
DEVICES = [f"dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty",
                                       "net/tun", "kvm", "vhost-net")]  # fmt: skip

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a root file system"),
]


class Root:
    """A machine's root file system with a checkout in it."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def run(self, command: str, *, own_network: bool = False, expect: int = 0) -> str:
        """A shell command inside; gives what it printed."""
        inside = f"cd {PLACE} && {command}"
        words = ["chroot", str(self.place), "/bin/sh", "-ec", inside]
        if own_network:
            steps = (
                'ip link set lo up; mount -t tmpfs tmpfs "$0/run"; mount -t sysfs sysfs "$0/sys"; '
            )
            steps += 'exec "$@"'
            words = ["unshare", "--net", "--mount", "--propagation", "private",
                     "sh", "-ec", steps, str(self.place), *words]  # fmt: skip
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}  # fmt: skip
        passed = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        answer = subprocess.run(
            words, env={**env, **passed}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=1800,
        )  # fmt: skip
        assert answer.returncode == expect, f"{command}:\n{answer.stdout[-6000:]}"
        assert "Traceback" not in answer.stdout, answer.stdout[-6000:]
        return answer.stdout


@pytest.fixture(params=["bookworm", "trixie"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Root]:
    archive = CACHE / f"{request.param}.tar"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = archive.with_suffix(".part.tar")
        subprocess.run(
            ["mmdebstrap", "--variant=apt", f"--include={PACKAGES}", request.param, part],
            check=True,
        )
        part.rename(archive)
    place = tmp_path / "root"
    place.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", place, "--exclude=./dev/*"], check=True)
    put_checkout(place)
    mounted: list[Path] = []
    try:
        mount_all(place, mounted)
        yield Root(place)
    finally:
        end_all(place)
        for path in reversed(mounted):
            subprocess.run(["umount", "--lazy", path], check=False)


def end_all(place: Path) -> None:
    """End what still runs inside, after a test that failed."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "root").readlink() == place:
                os.kill(int(entry.name), signal.SIGKILL)


def package_places() -> list[str]:
    """Directories of this machine in which pip is told to look for packages."""
    words = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True).stdout.split()
    said += [value for name, value in os.environ.items() if name.startswith("PIP_")]
    named = re.findall(r"(?:file://)?(/[\w./-]+)", " ".join(said))
    return sorted({path for path in named if Path(path).is_dir()})


def put_checkout(place: Path) -> None:
    """What git knows of, as a clone would have it, changes included."""
    target = place / PLACE.lstrip("/")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name, follow_symlinks=False)
    for name in [*NETWORK, *package_places()]:
        source, copy = Path(name), place / name.lstrip("/")
        if not source.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        words = ["cp", "-aL", "--remove-destination", "--no-target-directory", source, copy]
        subprocess.run(words, check=False, stderr=subprocess.DEVNULL)  # dangling links stay out


def mount_all(place: Path, mounted: list[Path]) -> None:
    """Fill ``mounted`` with what is to be unmounted, in this order."""
    subprocess.run(["mount", "--bind", place, place], check=True)  # "/" is a mount on machines
    mounted.append(place)
    for kind, name in (("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "dev")):
        path = place / name
        path.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, path], check=True)
        mounted.append(path)
    # Copies: should a killed test leave this behind, nothing of the machine is in the directory.
    devices = [name for name in DEVICES if Path("/", name).exists()]
    subprocess.run(["cp", "-a", "--parents", *devices, place], cwd="/", check=True)
    (place / "dev/fd").symlink_to("/proc/self/fd")
    (place / "dev/shm").mkdir(mode=0o1777)


def test_a_simulated_cloud(root: Root) -> None:
    assert shutil.which("ssh-keygen", path=str(root.place / "usr/bin")) is None
    printed = root.run("./stratolith up --fake --state-dir /tmp/cloud --port-offset 12000")
    assert "The cloud is up" in printed
    root.run("./stratolith verify --state-dir /tmp/cloud")
    root.run("./stratolith destroy --yes --state-dir /tmp/cloud")
    assert not (root.place / "tmp/cloud").exists()


def test_a_real_cloud(root: Root) -> None:
    # With the network: what the launcher prepares before `up`, and the guest image.
    root.run(f"python3 -B src/stratolith/deploy/prepare.py --root {PLACE} --system yes")
    root.run("./stratolith image build")
    printed = root.run(
        "./stratolith up --image build && ./stratolith status && ./stratolith verify "
        "&& ./stratolith destroy --yes",
        own_network=True,
    )
    assert "ready" in printed
    assert "The cloud works" in printed  # a guest booted and somebody logged in
    assert not (root.place / "var/lib/stratolith").exists()
    assert not (root.place / "etc/stratolith").exists()


def test_the_tests(root: Root) -> None:
    """One room, for which `test` sets up all that it sets up for the whole: every test takes half
    an hour in each root, and runs on the machine itself anyway."""
    printed = root.run("./stratolith test tests/unit/deploy -q")
    assert re.search(r"^[1-9]\d* passed, 0 failed, ", printed, re.MULTILINE), printed[-3000:]
