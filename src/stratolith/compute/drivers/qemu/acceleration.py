"""The acceleration of guests: KVM if a test shows that it works on this host, else TCG.

It is not enough that /dev/kvm can be opened: in a VM without nested virtualisation it may be an
emulation in which guest kernels crash. The test runs the firmware in smoke.py with the same
processor that guests get. Its result is valid for one boot and one version of QEMU.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

import msgspec

from stratolith.compute.drivers.base import DriverError
from stratolith.compute.drivers.qemu import smoke
from stratolith.compute.drivers.qemu.smoke import Trial

KVM_CPU = "host"
PROOF_SECONDS = 3.0
_FILE = "acceleration.json"


class Acceleration(msgspec.Struct, frozen=True):
    """The chosen acceleration, and a sentence with the reason."""

    name: str  # kvm, tcg
    detail: str

    def options(self, memory_mb: int, tcg_cpu: str) -> list[str]:
        """The -accel and -cpu options of a guest with that much memory."""
        if self.name == "kvm":
            return ["-accel", "kvm", "-cpu", KVM_CPU]
        # Cache of translated code: 32 MiB are enough for a small system, a larger one gets more.
        cache = min(256, max(32, memory_mb // 8))
        return ["-accel", f"tcg,thread=multi,tb-size={cache}", "-cpu", tcg_cpu]


class _Proof(msgspec.Struct, frozen=True):
    boot_id: str
    qemu: str
    device: bool  # whether /dev/kvm existed: it may appear later in the same boot
    result: Acceleration


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def choose(state_dir: Path, qemu: str, version: str) -> Acceleration:
    """The acceleration of this host; runs the test (at most 3 s) once per boot."""
    path = state_dir / _FILE
    device = os.path.exists("/dev/kvm")
    with contextlib.suppress(OSError, msgspec.DecodeError):
        known = msgspec.json.decode(path.read_bytes(), type=_Proof)
        if (known.boot_id, known.qemu, known.device) == (boot_id(), version, device):
            return known.result
    result = prove(qemu)
    proof = _Proof(boot_id(), version, device, result)
    with contextlib.suppress(OSError):  # without the file the next start repeats the test
        draft = path.with_name(f"{_FILE}.{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(proof))
        draft.replace(path)
    return result


def prove(qemu: str) -> Acceleration:
    """Check for obstacles first, then run the test firmware."""
    reason = _obstacle() or _trial(qemu)
    if reason:
        return Acceleration("tcg", f"Guests are emulated (TCG), because {reason}.")
    return Acceleration("kvm", "KVM runs the test firmware with the guests' processor.")


def _obstacle() -> str:
    """The reason why KVM cannot work, without a test; "" if there is none."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        return "this host has no /dev/kvm (virtualisation is off, or not passed into this VM)"
    except OSError as error:
        return f"/dev/kvm cannot be opened: {error.strerror}"
    real = smoke.of_this_host().kvm_modules
    if real and not any(os.path.isdir(f"/sys/module/{name}") for name in real):
        other_modules = sorted(
            name for name in os.listdir("/sys/module") if name.startswith("kvm") and name != "kvm"
        )
        instead = f", only {', '.join(other_modules)}" if other_modules else ""
        return f"/dev/kvm is not backed by {' or '.join(real)}{instead}"
    return ""


def _trial(qemu: str) -> str:
    """Run the firmware; "" if it passed, else the reason of the failure."""
    trial = smoke.of_this_host()
    code, output = run_firmware(qemu, ["-accel", "kvm", "-cpu", KVM_CPU], trial)
    if code == trial.passed:
        return ""
    if code is None:
        return f"KVM did not finish the test firmware within {PROOF_SECONDS:.0f} s"
    return f"KVM failed in the test firmware (status {code}){output}"


def run_firmware(qemu: str, options: list[str], trial: Trial) -> tuple[int | None, str]:
    """Exit status (None: killed at the time limit) and QEMU's error output."""
    with tempfile.NamedTemporaryFile(prefix="stratolith-smoke-") as rom:
        rom.write(trial.rom())
        rom.flush()
        command = [
            qemu, *options, "-nodefaults", "-no-user-config", "-display", "none", "-m", "16",
            "-no-reboot", "-bios", rom.name, *trial.options,
        ]  # fmt: skip
        started = time.monotonic()
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROOF_SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return None, f" (ended after {time.monotonic() - started:.1f} s)"
        except OSError as error:
            raise DriverError(f"{qemu} cannot be run: {error.strerror}") from None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return done.returncode, f": {lines[0].split(': ', 1)[-1]}" if lines else ""
