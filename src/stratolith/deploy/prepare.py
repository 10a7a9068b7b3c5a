"""Prepares a machine for a checkout: Debian packages, virtual environment, locked packages.

The launcher runs this file with the distribution's Python before any package is installed, so
it imports the standard library only. Every part looks first and acts only on what is missing:
with everything present it needs no network.
"""

from __future__ import annotations

import argparse
import fcntl
import glob
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PACKAGES_FILE = Path(__file__).with_name("debian-packages.txt")
SEARCH_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
APT_OPTIONS = ["-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"]
TICK_SECONDS = 4.0
LOCK_WAIT_SECONDS = 600
# Debian asks this program whether a package may start its services; 101 means no.
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")


class PrepareError(Exception):
    """The machine cannot be prepared; the text says why and what to do."""


class DebianPackage(NamedTuple):
    name: str
    architecture: str  # of the host: amd64, arm64, any
    # "required"; "helpful"; "GUESTS-guests": optional, to run guests of this architecture;
    # "tests": needed by `test` only; "slow-tests": by `test --slow` only
    need: str
    probe: str  # command name, or path (may be a glob)
    why: str

    @property
    def is_required(self) -> bool:
        return self.need == "required"

    @property
    def guests(self) -> str:
        """The architecture whose guests need it; "" for a package that is not optional."""
        return self.need.removesuffix("-guests") if self.need.endswith("-guests") else ""

    @property
    def is_for_tests(self) -> bool:
        return self.need in ("tests", "slow-tests", "ovn")

    @property
    def is_for_ovn(self) -> bool:
        return self.need == "ovn"

    def is_present(self) -> bool:
        """Whether the program or file of the package exists, also when installed by other means."""
        if self.probe.startswith("/"):
            return bool(glob.glob(self.probe))
        return shutil.which(self.probe, path=SEARCH_PATH) is not None


def debian_architecture() -> str:
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def required_packages(
    path: Path = PACKAGES_FILE,
    *,
    optional: bool = False,
    tests: bool = False,
    slow: bool = False,
) -> list[DebianPackage]:
    """The packages this machine's architecture needs, in file order.

    ``optional`` adds those for guests of other architectures, ``tests`` those for tests, ``slow``
    those for slow tests.
    """
    packages = []
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            package = DebianPackage(*line.split(None, 4))
            is_for_us = package.architecture in ("any", debian_architecture())
            is_wanted = (optional or not package.guests) and (tests or not package.is_for_tests)
            is_wanted &= slow or package.need != "slow-tests"
            if is_for_us and is_wanted:
                packages.append(package)
    return packages


class Progress:
    """Lines with the elapsed time; a long command prints its last output every few seconds."""

    def __init__(self, log: Path) -> None:
        self._started = time.monotonic()
        self._log = log

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", file=sys.stderr, flush=True)

    def run(self, title: str, command: Sequence[str], env: dict[str, str] | None = None) -> None:
        """Run a command with its output in the log; raises PrepareError with the last lines."""
        self.say(title)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            log.write(f"\n$ {' '.join(command)}\n".encode())
            log.flush()
            begin = log.tell()
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env
            )
            with self._ticking(begin):
                status = process.wait()
        if status != 0:
            raise PrepareError(
                f"{title}: failed (exit status {status}). The last lines were:\n"
                + "\n".join(f"    {line}" for line in self._output(begin)[-12:])
                + f"\n  The whole output is in {self._log}"
            )

    @contextmanager
    def _ticking(self, begin: int) -> Iterator[None]:
        done = threading.Event()

        def tick() -> None:
            while not done.wait(TICK_SECONDS):
                lines = self._output(begin)
                self.say(f"  ... {lines[-1].strip()[:90] if lines else 'working'}")

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _output(self, begin: int) -> list[str]:
        with self._log.open("rb") as log:
            log.seek(begin)
            text = log.read().decode(errors="replace")
        lines = (line for line in text.splitlines() if line.strip())
        return [line for line in lines if not line.startswith("WARNING:")]


class Preparation:
    """The parts of a prepared checkout; each method is a step that skips what is done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.stamps = self.venv / ".prepared"
        self.progress = Progress(root / ".cache" / "prepare.log")

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def install_debian_packages(self, *, test: bool = False, slow: bool = False) -> None:
        """``test``: also the packages for tests, which run guests of all architectures; ``slow``:
        those for slow tests.
        """
        wanted = required_packages(optional=test, tests=test, slow=slow)
        missing = [package.name for package in wanted if not package.is_present()]
        if not missing:
            return
        if shutil.which("apt-get") is None:
            self.progress.say(
                "This is not Debian or Ubuntu: install yourself what these packages provide: "
                + " ".join(missing)
            )
            return
        self._install(missing)

    def install_for_ovn(self) -> list[str]:
        """Install what the network driver ovn needs; returns the names of what was missing."""
        packages = [package for package in required_packages(tests=True) if package.is_for_ovn]
        missing = [package.name for package in packages if not package.is_present()]
        if missing:
            self._install(missing)
        return missing

    def _install(self, names: list[str]) -> None:
        with _without_services():
            self._install_packages(names)

    def _install_packages(self, names: list[str]) -> None:
        command = ["apt-get", "install", "-y", "--no-install-recommends", *APT_OPTIONS, *names]
        title = f"Installing Debian packages: {' '.join(names)}"
        try:
            self._apt(title, command)
        except PrepareError:
            # The package lists are often missing (in a container) or old: update and retry.
            self._apt("Updating the package lists", ["apt-get", "update", *APT_OPTIONS])
            self._apt(title, command)

    def _apt(self, title: str, command: list[str]) -> None:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                return self.progress.run(title, command, env)
            except PrepareError as error:
                # The lock of the package lists has no time limit option of its own.
                if "Could not get lock" not in str(error) or time.monotonic() > deadline:
                    raise
                self.progress.say("Another package manager is running; waiting for it")
                time.sleep(TICK_SECONDS)

    def make_environment(self) -> None:
        if self._is_environment_usable():
            return
        if importlib.util.find_spec("ensurepip") is None:
            if os.geteuid() != 0 or shutil.which("apt-get") is None:
                raise PrepareError(
                    f"{sys.executable} cannot make virtual environments.\n"
                    "  Fix: sudo apt-get install python3-venv"
                )
            self._install(["python3-venv"])
        if self.venv.is_symlink():  # else --clear would empty another checkout's environment
            self.venv.unlink()
        command = [sys.executable, "-m", "venv", "--clear", str(self.venv)]
        self.progress.run(f"Making the virtual environment {self.venv}", command)

    def _is_environment_usable(self) -> bool:
        place = self.stamps / "place"
        if place.exists() and not place.read_text().startswith(f"{self.root} "):
            return False  # the checkout was moved: scripts in .venv contain the old path
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        check = "import sys, pip; print('%d.%d' % sys.version_info[:2], sys.prefix)"
        try:
            answer = subprocess.run(
                [self.python, "-c", check], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return False
        return answer.stdout.strip() == f"{here} {self.venv}"

    def install_packages(self, lock_name: str = "requirements.lock") -> None:
        """Install exactly what a lock file lists, by hash; uses the network only if it changed."""
        lock = self.root / lock_name
        if self._is_stamped(lock):
            return
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--no-input", "--require-hashes", "--progress-bar=off", "-r", str(lock)]
        self.progress.run(f"Installing the Python packages of {lock_name}", command)
        self._stamp(lock)

    def link_sources(self) -> None:
        """Make `import stratolith` find the checkout; no build step, so no network."""
        packages = Path(
            subprocess.run(
                [self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                capture_output=True, text=True, check=True,
            ).stdout.strip()
        )  # fmt: skip
        link = packages / "stratolith-checkout.pth"
        if not link.exists() or link.read_text().strip() != str(self.root / "src"):
            link.write_text(f"{self.root / 'src'}\n")
        command = [str(self.python), "-m", "compileall", "-q", "-j", "0", str(self.root / "src")]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def record_place(self) -> None:
        place = f"{self.root} {os.path.realpath(self.python)}\n"
        (self.stamps / "place").write_text(place)

    def record_debian_packages(self) -> None:
        self._stamp(PACKAGES_FILE)

    def _stamp(self, file: Path) -> None:
        self.stamps.mkdir(exist_ok=True)
        part = self.stamps / f".{file.name}"
        part.write_bytes(file.read_bytes())
        part.replace(self.stamps / file.name)

    def _is_stamped(self, file: Path) -> bool:
        stamp = self.stamps / file.name
        return stamp.exists() and stamp.read_bytes() == file.read_bytes()


@contextmanager
def _without_services() -> Iterator[None]:
    """Keep packages from starting their services: Open vSwitch would take over the machine's
    network, and ours runs beside it. An existing policy of the machine stays.
    """
    try:
        handle = os.open(SERVICE_POLICY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
    except OSError:
        yield
        return
    with os.fdopen(handle, "w") as policy:
        policy.write("#!/bin/sh\nexit 101\n")
    try:
        yield
    finally:
        SERVICE_POLICY.unlink(missing_ok=True)


@contextmanager
def only_one(lock: Path, progress: Progress) -> Iterator[None]:
    """Two launchers started at once prepare one after the other."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("Another run is preparing this checkout; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prepare(root: Path, *, system: bool, test: bool = False, slow: bool = False) -> None:
    """Bring the checkout to its prepared state, for ``slow`` tests too; raises PrepareError."""
    preparation = Preparation(root)
    with only_one(root / ".cache" / "prepare.lock", preparation.progress):
        if system:
            preparation.install_debian_packages()
        preparation.make_environment()
        preparation.install_packages()
        if test:
            preparation.install_packages("requirements-test.lock")
            if os.geteuid() == 0:
                preparation.install_debian_packages(test=True, slow=slow)
        preparation.link_sources()
        if system:
            preparation.record_debian_packages()
        preparation.record_place()


def main() -> int:
    parser = argparse.ArgumentParser(description="Prepare this machine for the checkout.")
    parser.add_argument("--root", type=Path, required=True, help="the checkout")
    parser.add_argument("--system", choices=["yes", "no"], default="no", help="Debian packages too")
    arguments = parser.parse_args()
    try:
        prepare(arguments.root, system=arguments.system == "yes")
    except PrepareError as error:
        print(f"stratolith: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"stratolith: cannot prepare {arguments.root}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
