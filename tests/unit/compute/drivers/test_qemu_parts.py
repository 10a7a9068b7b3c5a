"""Parts of the qemu driver that need no QEMU: event log, console log, command line, limits."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path

import msgspec
import pytest

from stratolith.compute.drivers.base import DriverError, GuestSpec, VifSpec
from stratolith.compute.drivers.qemu import (
    command,
    console,
    events,
    firmware,
    hotplug,
    machines,
    process,
    programs,
)
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.disks import DiskFile
from stratolith.compute.drivers.qemu.firmware import Uefi
from stratolith.compute.drivers.qemu.machines import Machine

TCG = Acceleration("tcg", "A test.")


def log_of(*names: str) -> bytes:
    known = {
        "greeting": {"QMP": {}},
        "answer": {"return": {}},
        "stop": {"event": "STOP"},
        "resume": {"event": "RESUME"},
        "full": {"event": "BLOCK_IO_ERROR", "data": {"action": "stop", "nospace": True}},
        "ignored": {"event": "BLOCK_IO_ERROR", "data": {"action": "report", "nospace": False}},
        "off": {"event": "SHUTDOWN", "data": {"guest": True, "reason": "guest-shutdown"}},
        "term": {"event": "SHUTDOWN", "data": {"guest": False, "reason": "host-signal"}},
    }
    return b"".join(json.dumps(known[name]).encode() + b"\r\n" for name in names)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), events.History()),
        (("greeting",), events.History()),
        (("greeting", "answer"), events.History(answered=True)),
        (("answer", "stop"), events.History(answered=True, paused=True)),
        (("stop", "resume"), events.History()),
        (("full", "stop"), events.History(io_error=True, no_space=True, paused=True)),
        (("full", "stop", "resume"), events.History()),
        (("ignored",), events.History()),
        (("off",), events.History(ended_by_guest=True, ending="guest-shutdown")),
        (("term",), events.History(ending="host-signal")),
    ],
)
def test_what_the_event_log_tells(
    tmp_path: Path, names: tuple[str, ...], expected: events.History
) -> None:
    log = tmp_path / "events.out"
    log.write_bytes(log_of(*names))
    assert events.read(log) == expected


def test_a_half_written_event_is_not_read(tmp_path: Path) -> None:
    log = tmp_path / "events.out"
    log.write_bytes(log_of("answer") + log_of("off")[:-20])
    assert events.read(log) == events.History(answered=True)
    assert events.read(tmp_path / "nowhere") == events.History()


def test_a_shortened_event_log_keeps_its_end_and_the_writers_place(tmp_path: Path) -> None:
    log = tmp_path / "events.out"
    with open(log, "wb", buffering=0) as writer:  # like QEMU: its own offset, not appending
        noise = log_of("ignored") * 1000
        for _ in range(15):
            writer.write(noise)
        writer.write(log_of("stop"))
        before = log.stat()
        events.shorten(log)
        after = log.stat()
        assert after.st_size == before.st_size
        assert after.st_blocks * 512 <= 128 * 1024 < before.st_blocks * 512
        assert events.read(log).paused
        writer.write(log_of("resume", "off"))
    assert events.read(log) == events.History(ended_by_guest=True, ending="guest-shutdown")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(None, "a\r\nb\x0c\nc"), (1, "c"), (2, "b\x0c\nc"), (9, "a\r\nb\x0c\nc"), (0, ""), (-1, "")],
)
def test_the_tail_of_the_console(tmp_path: Path, lines: int | None, expected: str) -> None:
    log = tmp_path / "console.log"
    assert console.tail(log, lines) == ""
    log.write_bytes(b"a\r\nb\x0c\nc")
    assert console.tail(log, lines) == expected


def test_the_tail_goes_on_in_the_older_log(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"old\n" * (console.CAP // 4 + 1))
    console.rotate(log)
    assert log.read_bytes() == b""
    log.write_bytes(b"new \xff\n")
    assert console.tail(log, 3) == "old\nnew \N{REPLACEMENT CHARACTER}\n"
    console.rotate(log)
    assert console.tail(log, 2) == "new \N{REPLACEMENT CHARACTER}\n"


def vif(number: int) -> VifSpec:
    return VifSpec(port_id=f"port{number}", mac=f"fa:16:3e:00:00:{number:02x}", tap=f"tap{number}")


OVMF = Uefi(Path("/fw/OVMF_CODE.fd"), True, Path("/fw/OVMF_VARS.fd"), 540672)
AAVMF = Uefi(Path("/fw/QEMU_EFI.fd"), False, None, 64 << 20)


def machine(arch: str, board: str, uefi: Uefi | None = None) -> Machine:
    platform = machines.platform_of(arch)
    [found] = [one for one in platform.boards if one.name == board]
    return Machine(platform, found, board, uefi)


PC = machine("x86_64", "pc")
Q35 = machine("x86_64", "q35", OVMF)
VIRT = machine("aarch64", "virt", AAVMF)


def built(
    vifs: int = 0, disks: int = 1, on: Machine = PC, drive: dict[str, bytes] | None = None
) -> list[str]:
    spec = GuestSpec(
        id=str(uuid.uuid4()), name="g", vcpus=1, memory_mb=64, config_drive=drive,
        vifs=[vif(n) for n in range(vifs)],
    )  # fmt: skip
    files = [DiskFile(Path(f"/x,y/disk{n}"), "raw", f"serial{n}") for n in range(disks)]
    slots = hotplug.slots([one.port_id for one in spec.vifs], {})
    return command.build("qemu", on, spec, Path("/state,dir/g"), files, slots, TCG)


def values(words: list[str], option: str) -> list[str]:
    return [words[n + 1] for n, word in enumerate(words) if word == option]


def devices(words: list[str]) -> dict[str, dict[str, object]]:
    found = [json.loads(text) for text in values(words, "-device")]
    return {str(one["id"]): one for one in found}


@pytest.mark.parametrize(("on", "more"), [(PC, 0), (Q35, 11), (VIRT, 13)])
def test_no_two_devices_share_a_slot(on: Machine, more: int) -> None:
    made = devices(built(vifs=10, disks=16, on=on, drive={}))
    places = [(one["bus"], one["addr"]) for one in made.values() if "addr" in one]
    assert len(places) == len(set(places)) == 10 + 16 + 2 + more
    assert {"vif-port9", "dev-disk15", "rng", "balloon"} <= made.keys()
    buses = {f"{on.board.bus}", "ide.0", "scsi.0"} | {name for name in made if "port" in name}
    assert {one["bus"] for one in made.values()} <= buses


def test_a_nic_of_pci_express_has_a_port_of_its_own() -> None:
    made = devices(built(vifs=2, on=VIRT))
    for number in range(2):
        bus = made[f"vif-port{number}"]["bus"]
        assert made[str(bus)]["driver"] == "pcie-root-port"
    chassis = [one["chassis"] for one in made.values() if one["driver"] == "pcie-root-port"]
    assert len(chassis) == len(set(chassis)) == 10


def test_the_machine_of_an_arm_guest() -> None:
    words = built(on=VIRT, drive={})
    assert values(words, "-machine") == [
        "virt,gic-version=max,dump-guest-core=off,usb=off,pflash1=variables"
    ]
    assert values(words, "-bios") == ["/fw/QEMU_EFI.fd"]
    assert values(words, "-cpu") == ["max,pauth-impdef=on"]
    blocks = {one["node-name"]: one for one in map(json.loads, values(words, "-blockdev"))}
    assert blocks["variables"]["file"]["filename"] == "/state,dir/g/nvram.fd"
    assert not {"-vga", "kvm", "ide-cd"} & set(words)
    assert devices(words)["dev-configdrive"] == {
        "driver": "scsi-cd", "id": "dev-configdrive", "drive": "configdrive", "bus": "scsi.0"
    }  # fmt: skip


def test_a_pc_with_uefi_has_its_code_in_flash() -> None:
    words = built(on=Q35)
    [options] = values(words, "-machine")
    assert options.startswith("q35,")
    assert options.endswith(",pflash0=code,pflash1=variables")
    blocks = {one["node-name"]: one for one in map(json.loads, values(words, "-blockdev"))}
    assert blocks["code"]["read-only"] is True
    assert "read-only" not in blocks["variables"]
    assert "-bios" not in words


def test_variables_of_the_firmware_are_made_once(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.write_bytes(b"entries")
    uefi = Uefi(tmp_path / "code", True, template, 4096)
    firmware.make_variables(uefi, tmp_path)
    made = tmp_path / "nvram.fd"
    assert made.read_bytes() == b"entries".ljust(4096, b"\0")
    assert made.stat().st_mode & 0o777 == 0o600
    made.write_bytes(b"changed by the guest")
    firmware.make_variables(uefi, tmp_path)
    assert made.read_bytes() == b"changed by the guest"


def test_variables_of_an_empty_flash_take_no_room(tmp_path: Path) -> None:
    firmware.make_variables(AAVMF, tmp_path)
    status = (tmp_path / "nvram.fd").stat()
    assert status.st_size == 64 << 20
    assert status.st_blocks == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arch": "s390x"}, "architecture s390x cannot run"),
        ({"arch": "x86_64", "machine": "isapc"}, "'isapc' cannot run on this host, only pc and"),
        ({"arch": "x86_64", "machine": "pc,accel=kvm"}, "'pc,accel=kvm' cannot run"),
        ({"arch": "aarch64", "machine": "q35"}, "only virt"),
        ({"arch": "aarch64", "firmware": "bios"}, "have no BIOS"),
    ],
)
def test_machines_no_host_has_are_refused(changes: dict[str, str], words: str) -> None:
    spec = msgspec.structs.replace(GuestSpec(id="i", name="g", vcpus=1, memory_mb=64), **changes)
    with pytest.raises(DriverError, match=words):
        machines.of(spec)


@pytest.mark.parametrize("kind", ["", "pc", "pc-i440fx-7.2", "q35", "pc-q35-7.2"])
def test_machine_types_with_their_versions(kind: str) -> None:
    spec = GuestSpec(id="i", name="g", vcpus=1, memory_mb=64, arch="i686", machine=kind)
    found = machines.of(spec)
    assert found.type == (kind or "pc")
    assert found.board.name == ("q35" if "q35" in kind else "pc")
    assert found.uefi is None


def test_missing_firmware_is_told_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = ("qemu-efi-aarch64", AAVMF._replace(code=tmp_path / "nowhere"))
    monkeypatch.setitem(firmware._KNOWN, "aarch64", nowhere)
    with pytest.raises(DriverError, match="install the package qemu-efi-aarch64"):
        machines.of(GuestSpec(id="i", name="g", vcpus=1, memory_mb=64, arch="aarch64"))
    assert "aarch64" not in machines.runnable()


def test_more_devices_than_slots_are_refused() -> None:
    with pytest.raises(DriverError, match="at most 10 NICs"):
        built(vifs=11)
    with pytest.raises(DriverError, match="at most 16 disks"):
        built(disks=17)


def test_nics_keep_their_slots_and_freed_ones_are_used_again() -> None:
    first = hotplug.slots(["a", "b", "c"], {})
    assert hotplug.slots(["c", "a"], first) == {"a": first["a"], "c": first["c"]}
    later = hotplug.slots(["a", "c", "d"], first)
    assert (later["a"], later["c"], later["d"]) == (first["a"], first["c"], first["b"])


def test_unknown_nic_models_are_refused() -> None:
    with pytest.raises(DriverError, match="'e1000' are not supported"):
        command.nic(VifSpec(port_id="p", mac="m", tap="t", model="e1000"), 5, PC.board)


@pytest.mark.parametrize(("memory", "cache"), [(64, 32), (512, 64), (8192, 256)])
def test_translation_cache_grows_with_the_guest(memory: int, cache: int) -> None:
    assert f"tcg,thread=multi,tb-size={cache}" in TCG.options(memory, "max")


def test_a_program_is_bounded_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(DriverError, match="sleep did not end within 0 s"):
        programs.run(["sleep", "30"], timeout=0.2)
    assert time.monotonic() - began < 5


def test_a_program_is_bounded_in_memory() -> None:
    hungry = "import sys; b = bytearray(1 << 30)"
    with pytest.raises(DriverError, match="MemoryError"):
        programs.run(["python3", "-c", hungry], address_space=1 << 28)


def test_a_programs_own_words_reach_the_user() -> None:
    with pytest.raises(DriverError, match=r"ls failed: .*No such file"):
        programs.run(["ls", "/nowhere/at/all"])
    with pytest.raises(DriverError, match="exit status 1"):
        programs.run(["false"])
    with pytest.raises(DriverError, match="nothing is not installed"):
        programs.run(["mkfs.nothing"])


def test_a_pid_file_that_names_another_process_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "qemu.pid"
    assert process.find(file, "x") is None
    for text in ("", "no number", str(os.getpid()), "999999999"):
        file.write_text(text)
        assert process.find(file, "x") is None
