"""The qemu driver beyond the contract: its processes, files and disks."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.compute.drivers.base import (
    Blank,
    DiskSpec,
    DriverError,
    GuestSpec,
    ImageRef,
    PowerState,
)
from stratolith.compute.drivers.qemu import acceleration, console, events, firmware, smoke, taps
from stratolith.compute.drivers.qemu.driver import QemuDriver
from stratolith.compute.drivers.qemu.monitor import Monitor
from tests.drivers.hypervisor import tiny_guest
from tests.drivers.hypervisor.hosts import QemuHost, only, power, wait_until

pytestmark = [pytest.mark.guest, pytest.mark.root]
replace = msgspec.structs.replace


def running(host: QemuHost, **changes: object) -> GuestSpec:
    spec = replace(host.spec(), **changes)
    host.driver.create(spec)
    host.driver.start(spec)
    return spec


def ask(host: QemuHost, spec: GuestSpec, command: str, **arguments: object) -> object:
    with Monitor(host.directory(spec.id)) as monitor:
        return monitor.execute(command, arguments)


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


# Processes ------------------------------------------------------------------------------------


def test_a_guest_is_no_child_of_ours_and_is_sandboxed(qemu: QemuHost) -> None:
    pid = qemu.pid(running(qemu).id)
    status = status_of(pid)
    assert int(status["PPid"]) != os.getpid()
    assert os.getsid(pid) != os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)
    assert status["Seccomp"] == "2"


def test_a_guest_has_none_of_roots_privileges(qemu: QemuHost) -> None:
    """Also not later: what it has is what it will ever have."""
    status = status_of(qemu.pid(running(qemu).id))
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"


def test_a_guest_below_a_closed_directory_runs_all_the_same(tmp_path: Path) -> None:
    """A cloud in the home of a user, made with sudo."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 12345, 12345)
    host = QemuHost(home)
    try:
        spec = running(host)
        host.await_system(spec.id)
        assert int(status_of(host.pid(spec.id))["CapEff"], 16) == 1 << 2  # CAP_DAC_READ_SEARCH
        vif = host.spec(vifs=1).vifs[0]
        host.driver.attach_interface(spec.id, vif)
        assert only(host.driver).vifs == [vif.port_id]
    finally:
        host.close()


def test_a_foreign_qemu_is_never_touched(qemu: QemuHost) -> None:
    spec = running(qemu)
    foreign = subprocess.Popen(
        f"qemu-system-x86_64 -S -nodefaults -display none -machine none -uuid {spec.id}".split(),
        stdin=subprocess.DEVNULL,
    )
    try:
        assert [guest.id for guest in qemu.driver.list_guests()] == [spec.id]
        pid_file = qemu.directory(spec.id) / "qemu.pid"
        qemu.crash(spec.id)
        # The dead guest's number is that of the other QEMU now, with even the same uuid.
        pid_file.write_text(f"{foreign.pid}\n")
        assert power(qemu.driver, spec.id) is PowerState.CRASHED
        qemu.driver.stop(spec.id, graceful_seconds=1.0)
        qemu.driver.destroy(spec.id)
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_a_guest_whose_pid_file_is_lost_is_not_run_twice(qemu: QemuHost) -> None:
    spec = running(qemu)
    pid = qemu.pid(spec.id)
    (qemu.directory(spec.id) / "qemu.pid").unlink()
    qemu.restart_agent()
    qemu.driver.start(spec)
    qemu.driver.destroy(spec.id)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    assert qemu.driver.list_guests() == []


def test_a_running_guest_whose_pid_file_is_lost_still_runs(qemu: QemuHost) -> None:
    spec = running(qemu)
    pid = qemu.pid(spec.id)
    (qemu.directory(spec.id) / "qemu.pid").unlink()
    qemu.restart_agent()
    assert (only(qemu.driver).power, only(qemu.driver).pid) == (PowerState.RUNNING, pid)


def test_a_guest_whose_directory_is_gone_is_still_found(qemu: QemuHost) -> None:
    """Removed by hand, or lost with a disk: what runs is the witness."""
    spec = running(qemu)
    pid = qemu.pid(spec.id)
    shutil.rmtree(qemu.directory(spec.id))
    qemu.restart_agent()
    found = only(qemu.driver)
    assert (found.id, found.pid, found.lost) == (spec.id, pid, True)
    qemu.driver.create(spec)  # never taken for the new one
    assert only(qemu.driver).power is PowerState.SHUTDOWN
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    qemu.driver.start(spec)
    assert only(qemu.driver).pid not in (None, pid) and not only(qemu.driver).lost
    pid = qemu.pid(spec.id)
    shutil.rmtree(qemu.directory(spec.id))
    qemu.restart_agent()
    qemu.driver.destroy(spec.id)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    qemu.restart_agent()
    assert qemu.driver.list_guests() == []


def test_a_guest_killed_from_outside_by_sigterm_has_crashed(qemu: QemuHost) -> None:
    spec = running(qemu)
    pid = qemu.pid(spec.id)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: only(qemu.driver).pid is None)
    assert only(qemu.driver).power is PowerState.CRASHED
    assert "host-signal" in only(qemu.driver).detail


def test_a_reboot_of_the_host_is_told(qemu: QemuHost) -> None:
    spec = running(qemu)
    qemu.crash(spec.id)
    nics = qemu.directory(spec.id) / "nics.json"
    nics.write_text(nics.read_text().replace(acceleration.boot_id(), "of-the-boot-before"))
    assert "host went down" in only(qemu.driver).detail


def test_a_state_directory_longer_than_a_socket_path(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "with, comma" / ("e" * 100)
    deep.mkdir(parents=True)
    host = QemuHost(deep)
    try:
        spec = running(host)
        host.await_system(spec.id)
        host.driver.stop(spec.id, graceful_seconds=10.0)
        assert host.directory(spec.id).stat().st_mode & 0o777 == 0o700
        assert power(host.driver, spec.id) is PowerState.SHUTDOWN
        # by itself, that is by the button, that is over the monitor's socket
        assert b"guest-shutdown" in (host.directory(spec.id) / "events.out").read_bytes()
    finally:
        host.close()


def test_a_paused_guest_goes_on_when_started(qemu: QemuHost) -> None:
    spec = running(qemu)
    ask(qemu, spec, "stop")
    assert only(qemu.driver).power is PowerState.PAUSED
    qemu.driver.start(spec)
    wait_until(lambda: only(qemu.driver).power is PowerState.RUNNING)


def test_destroy_does_not_wait_for_a_graceful_stop(qemu: QemuHost) -> None:
    spec = running(qemu)  # still in its BIOS: it hears no button
    ask(qemu, spec, "stop")
    stopping = threading.Thread(
        target=qemu.driver.stop, args=(spec.id,), kwargs={"graceful_seconds": 60.0}
    )
    stopping.start()
    wait_until(lambda: (qemu.directory(spec.id) / "stopped").exists())
    qemu.driver.destroy(spec.id)
    stopping.join(10)
    assert not stopping.is_alive()
    assert qemu.driver.list_guests() == []


def test_missing_qemu_is_told_with_its_package(
    qemu: QemuHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = QemuDriver(tmp_path / "other", use="tcg")
    spec = qemu.spec()
    driver.create(spec)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DriverError, match=r"qemu-system-\w+ is not installed.* package qemu-sys"):
        driver.facts()
    with pytest.raises(DriverError, match="is not installed"):
        driver.start(spec)
    assert power(driver, spec.id) is PowerState.SHUTDOWN


def test_a_start_that_fails_tells_qemus_reason(qemu: QemuHost) -> None:
    spec = qemu.spec(vifs=1)
    qemu.driver.create(spec)
    missing = replace(spec, vifs=[replace(spec.vifs[0], tap="stltestnone")])
    with pytest.raises(DriverError, match="tap device stltestnone does not exist"):
        qemu.driver.start(missing)
    qemu.driver.start(spec)
    thief = replace(qemu.spec(), vifs=spec.vifs)
    qemu.driver.create(thief)
    with pytest.raises(DriverError, match="busy"):
        qemu.driver.start(thief)
    assert power(qemu.driver, thief.id) is PowerState.SHUTDOWN
    assert power(qemu.driver, spec.id) is PowerState.RUNNING


def test_leftovers_of_a_dead_driver_are_swept(qemu: QemuHost) -> None:
    root = qemu.state_dir / "guests"
    for name in (f".making-{uuid.uuid4()}", f".deleting-{uuid.uuid4()}"):
        (root / name).mkdir()
        (root / name / "disk0-root.qcow2").write_bytes(b"x")
    (root / "somebody-elses-notes").mkdir()
    qemu.restart_agent()
    assert os.listdir(root) == ["somebody-elses-notes"]
    assert qemu.driver.list_guests() == []


def test_a_guest_is_started_again_while_its_process_still_ends(qemu: QemuHost) -> None:
    spec = running(qemu)
    qemu.await_system(spec.id)
    pid = qemu.pid(spec.id)
    for _ in range(10):
        ask(qemu, spec, "quit")  # answered before the process ends
        qemu.driver.start(spec)
        assert qemu.pid(spec.id) != pid
        pid = qemu.pid(spec.id)


# The machine ----------------------------------------------------------------------------------


def test_the_machine_is_as_the_flavor_says(qemu: QemuHost) -> None:
    spec = running(qemu, memory_mb=48, vcpus=2)
    memory = ask(qemu, spec, "query-memory-size-summary")
    assert memory == {"base-memory": 48 << 20, "plugged-memory": 0}
    processors = ask(qemu, spec, "query-cpus-fast")
    assert isinstance(processors, list) and len(processors) == 2
    assert ask(qemu, spec, "query-uuid") == {"UUID": spec.id}
    vnc = ask(qemu, spec, "query-vnc")
    assert isinstance(vnc, dict) and vnc["family"] == "unix"


def test_disks_come_in_order_and_are_formatted(qemu: QemuHost) -> None:
    root = qemu.spec().disks[0]
    disks = [
        replace(root, size_bytes=8 << 20, serial="root-serial"),
        DiskSpec(role="ephemeral", size_bytes=64 << 20, source=Blank(format="ext4")),
        DiskSpec(role="ephemeral", size_bytes=32 << 20, source=Blank(format="ext2")),
        DiskSpec(role="swap", size_bytes=16 << 20, source=Blank(format="swap")),
    ]
    spec = running(qemu, disks=disks)
    blocks = ask(qemu, spec, "query-block")
    assert isinstance(blocks, list)
    media = [one["inserted"]["image"] for one in blocks if one["qdev"].startswith("/machine/")]
    sizes = {Path(one["filename"]).name: one["virtual-size"] for one in media}
    assert sizes["disk0-root.qcow2"] == 8 << 20
    assert sizes["disk1-ephemeral.raw"] == 64 << 20
    directory = qemu.directory(spec.id)
    for name, label, kind in (
        ("disk1-ephemeral.raw", "ephemeral0", "ext4"),
        ("disk2-ephemeral.raw", "ephemeral1", "ext2"),
    ):
        found = subprocess.run(
            ["/usr/sbin/blkid", "-p", "-o", "export", str(directory / name)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert f"LABEL={label}" in found and f"TYPE={kind}" in found
        assert os.stat(directory / name).st_blocks * 512 < 8 << 20, "not sparse"
    swap = (directory / "disk3-swap.raw").read_bytes()
    assert swap[4086:4096] == b"SWAPSPACE2"


def test_the_config_drive_holds_the_files(qemu: QemuHost) -> None:
    files = {
        "openstack/latest/meta_data.json": b'{"uuid": "x"}',
        "openstack/latest/user_data": bytes(range(256)) * 300,
        "openstack/2018-08-27/network_data.json": b"{}",
        "ec2/latest/meta-data.json": b"",
        "openstack/content/0000": b"personality",
    }
    spec = running(qemu, config_drive=files)
    path = qemu.directory(spec.id) / "configdrive.iso"
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_iso(path) == files
    label = subprocess.run(
        ["/usr/sbin/blkid", "-p", "-o", "value", "-s", "LABEL", str(path)],
        capture_output=True,
        text=True,
    )
    assert label.stdout.strip() == "config-2"
    assert b"personality" not in (qemu.directory(spec.id) / "spec.json").read_bytes()
    blocks = ask(qemu, spec, "query-block")
    assert isinstance(blocks, list)
    [drive] = [one for one in blocks if "configdrive" in one["qdev"]]
    assert drive["inserted"]["ro"] is True


def read_iso(path: Path) -> dict[str, bytes]:
    """Every file by its Rock Ridge name, read by the pure ISO library."""
    import io

    import pycdlib

    image = pycdlib.PyCdlib()
    image.open(str(path))
    found: dict[str, bytes] = {}
    for folder, _, names in image.walk(rr_path="/"):
        for name in names:
            whole = f"{folder.rstrip('/')}/{name}"
            content = io.BytesIO()
            image.get_file_from_iso_fp(content, rr_path=whole)
            found[whole.lstrip("/")] = content.getvalue()
    image.close()
    return found


def test_a_guest_without_config_drive_has_none(qemu: QemuHost) -> None:
    spec = running(qemu, config_drive=None)
    assert not (qemu.directory(spec.id) / "configdrive.iso").exists()


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", ""])
def test_the_config_drive_takes_no_odd_names(qemu: QemuHost, name: str) -> None:
    with pytest.raises(DriverError, match="config drive cannot hold"):
        qemu.driver.create(replace(qemu.spec(), config_drive={name: b"x"}))
    assert os.listdir(qemu.state_dir / "guests") == []


# Images ---------------------------------------------------------------------------------------


def with_image(qemu: QemuHost, path: Path, kind: str, size: int = 0) -> GuestSpec:
    image = ImageRef(image_id="the-image", path=str(path), format=kind)
    return replace(qemu.spec(), disks=[DiskSpec(role="root", size_bytes=size, source=image)])


@pytest.fixture
def qcow2(tmp_path: Path) -> Path:
    path = tmp_path / "base.qcow2"
    raw = tmp_path / "base.raw"
    raw.write_bytes(b"data" * (1 << 18))
    os.truncate(raw, 4 << 20)
    command = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(path)]
    subprocess.run(command, check=True)
    return path


def test_a_qcow2_image_is_backed_not_copied(qemu: QemuHost, qcow2: Path) -> None:
    spec = with_image(qemu, qcow2, "qcow2", 16 << 20)
    before = qcow2.read_bytes()
    qemu.driver.create(spec)
    qemu.driver.start(spec)
    blocks = ask(qemu, spec, "query-block")
    assert isinstance(blocks, list)
    image = next(one["inserted"]["image"] for one in blocks if "disk0" in one["qdev"])
    assert image["virtual-size"] == 16 << 20
    assert image["backing-image"]["filename"] == str(qcow2)
    qemu.driver.destroy(spec.id)
    assert qcow2.read_bytes() == before


def test_a_flavor_smaller_than_the_image_names_both_sizes(qemu: QemuHost, qcow2: Path) -> None:
    with pytest.raises(DriverError, match=r"1048576 bytes.*the-image.*4194304 bytes"):
        qemu.driver.create(with_image(qemu, qcow2, "qcow2", 1 << 20))
    assert os.listdir(qemu.state_dir / "guests") == []


def corrupt(path: Path, kind: str) -> None:
    content = bytearray(path.read_bytes())
    match kind:
        case "magic":
            content[:4] = b"HTTP"
        case "cut":
            del content[72:]
        case "table":  # the first-level table lies beyond the end
            struct.pack_into(">Q", content, 40, 1 << 40)
        case "truncated":
            del content[len(content) // 2 :]
        case "backing":
            struct.pack_into(">QI", content, 8, 1024, 11)
            content[1024:1035] = b"/etc/passwd"
        case "data file":
            content[79] |= 4
        case "empty":
            content.clear()
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("magic", "corrupt"),
        ("cut", "corrupt"),
        ("table", "corrupt"),
        ("truncated", "corrupt"),
        ("backing", "refers to another file"),
        ("data file", "refers to another file"),
        ("empty", "corrupt"),
    ],
)
def test_a_bad_image_is_refused(qemu: QemuHost, qcow2: Path, kind: str, words: str) -> None:
    corrupt(qcow2, kind)
    with pytest.raises(DriverError, match=words):
        qemu.driver.create(with_image(qemu, qcow2, "qcow2"))
    assert os.listdir(qemu.state_dir / "guests") == []


def test_other_formats_and_missing_files_are_refused(qemu: QemuHost, tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="raw and qcow2 only"):
        qemu.driver.create(with_image(qemu, qemu.image, "vmdk"))
    with pytest.raises(DriverError, match="No such file"):
        qemu.driver.create(with_image(qemu, tmp_path / "nowhere", "raw"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "stltest", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_told_and_nothing_is_left(qemu: QemuHost, small_disk: Path) -> None:
    driver = QemuDriver(small_disk, use="tcg")
    (small_disk / "ballast").write_bytes(b"x" * 60_000)
    with pytest.raises(DriverError, match="No space left on device"):
        driver.create(replace(qemu.spec(), config_drive={"user_data": b"x" * 100_000}))
    assert os.listdir(small_disk / "guests") == []
    assert driver.list_guests() == []


# Logs -----------------------------------------------------------------------------------------


def test_a_long_console_log_is_cut_while_the_guest_goes_on(qemu: QemuHost) -> None:
    spec = running(qemu)
    qemu.await_system(spec.id)
    log = qemu.directory(spec.id) / "console.log"
    with open(log, "ab") as file:
        file.write(b"noise\n" * (console.CAP // 6 + 1000))
    qemu.driver.list_guests()
    assert log.stat().st_size == 0
    tiny_guest.type_letter(qemu.directory(spec.id), b"k")
    wait_until(lambda: log.read_bytes() == b"k")
    assert qemu.driver.console_output(spec.id, 2) == "noise\nk"
    assert len(qemu.driver.console_output(spec.id, None)) <= 2 * console.CAP


def test_a_long_event_log_gives_its_room_back_and_goes_on(qemu: QemuHost) -> None:
    spec = running(qemu)
    qemu.await_system(spec.id)
    log = qemu.directory(spec.id) / "events.out"
    ask(qemu, spec, "stop")
    wait_until(lambda: only(qemu.driver).power is PowerState.PAUSED)
    events.shorten(log)
    assert events.read(log).paused
    ask(qemu, spec, "cont")
    for _ in range(30):  # QEMU goes on at its own offset, after what is cut
        ask(qemu, spec, "query-status")
    qemu.driver.stop(spec.id, graceful_seconds=10.0)
    assert events.read(log).ended_by_guest


# Other machines -------------------------------------------------------------------------------


@pytest.mark.skipif(not firmware.is_present("x86_64"), reason="needs the package ovmf")
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_a_pc_boots_by_uefi(qemu: QemuHost, machine: str) -> None:
    """The tiny guest is made for a BIOS, so the firmware says that it finds no system."""
    spec = running(qemu, firmware="uefi", machine=machine, memory_mb=128)
    qemu_log = qemu.directory(spec.id) / "console.log"
    wait_until(lambda: b"BdsDxe: " in qemu_log.read_bytes(), 60)
    kept = qemu.directory(spec.id) / "nvram.fd"
    words = Path(f"/proc/{qemu.pid(spec.id)}/cmdline").read_bytes()
    assert f"{machine},vmport=off".encode() in words
    qemu.driver.stop(spec.id)
    before = kept.read_bytes()
    qemu.driver.start(spec)
    assert kept.stat().st_size == len(before)
    assert b"Boot" in kept.read_bytes().replace(b"\0", b"")  # its entries, in UTF-16


def test_a_machine_type_qemu_does_not_know_is_told(qemu: QemuHost) -> None:
    spec = replace(qemu.spec(), machine="pc-q35-99.9")
    qemu.driver.create(spec)
    with pytest.raises(DriverError, match=r"unsupported machine type|pc-q35-99\.9"):
        qemu.driver.start(spec)
    assert power(qemu.driver, spec.id) is PowerState.SHUTDOWN


# The proof of KVM -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qemu_name", "trial", "cpu"),
    [
        ("qemu-system-x86_64", smoke.X86, "max"),
        ("qemu-system-aarch64", smoke.AARCH64, "max"),
        ("qemu-system-aarch64", smoke.AARCH64, "cortex-a57"),
    ],
)
def test_the_firmware_passes_where_instructions_work(
    qemu_name: str, trial: smoke.Trial, cpu: str
) -> None:
    code, _ = acceleration.run_firmware(qemu_name, ["-accel", "tcg", "-cpu", cpu], trial)
    assert code == trial.passed


def test_an_arm_processor_that_miscounts_does_not_pass() -> None:
    wrong = [("7f 5c 02 f1", "cmp x3, #0x97") if "cmp" in line[1] else line
             for line in smoke.AARCH64.code[0]]  # fmt: skip
    trial = dataclasses.replace(smoke.AARCH64, code={0: wrong})
    options = ["-accel", "tcg", "-cpu", "max"]
    code, words = acceleration.run_firmware("qemu-system-aarch64", options, trial)
    assert code is None
    assert "ended after" in words


def test_the_choice_is_proven_once_per_boot(tmp_path: Path) -> None:
    driver = QemuDriver(tmp_path)
    facts = driver.facts()
    assert facts.acceleration in ("kvm", "tcg")
    kept = tmp_path / "acceleration.json"
    before = kept.stat().st_mtime_ns
    assert QemuDriver(tmp_path).facts().acceleration == facts.acceleration
    assert kept.stat().st_mtime_ns == before
    kept.write_text(kept.read_text().replace(acceleration.boot_id(), "another-boot"))
    assert driver.facts().acceleration == facts.acceleration
    assert acceleration.boot_id() in kept.read_text()


def test_a_guests_socket_is_not_for_others(qemu: QemuHost) -> None:
    spec = running(qemu)
    path = qemu.directory(spec.id)
    assert path.stat().st_mode & 0o077 == 0
    for name in ("qmp.sock", "console.sock", "vnc.sock"):
        with socket.socket(socket.AF_UNIX) as client:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            client.connect(f"/proc/self/fd/{handle}/{name}")
            os.close(handle)


def delete_tap(qemu: QemuHost, name: str) -> None:
    subprocess.run(["ip", "link", "del", name], check=True)
    qemu._taps.remove(name)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("agent", ["same", "new"])
def test_taps_that_were_deleted_are_joined_again(qemu: QemuHost, count: int, agent: str) -> None:
    """The guest keeps its NICs: QEMU's files belong to the new taps of the same names."""
    spec = running(qemu, vifs=qemu.spec(vifs=count).vifs)
    names = [vif.tap for vif in spec.vifs]
    for name in names:
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
    wait_until(lambda: only(qemu.driver).cut_off == [])
    before = taps.opened(qemu.pid(spec.id))
    assert sorted(before.values()) == sorted(names)
    for name in names:
        delete_tap(qemu, name)
    assert only(qemu.driver).cut_off == [vif.port_id for vif in spec.vifs]
    with pytest.raises(DriverError, match="does not exist"):
        qemu.driver.attach_interface(spec.id, spec.vifs[0])
    for name in names:
        qemu.make_tap(name)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
    if agent == "new":
        qemu.restart_agent()
    assert len(only(qemu.driver).cut_off) == count  # a tap alone is not enough
    for vif in spec.vifs:
        qemu.driver.attach_interface(spec.id, vif)
    wait_until(lambda: only(qemu.driver).cut_off == [])
    assert taps.opened(qemu.pid(spec.id)) == before
    assert only(qemu.driver).vifs == [vif.port_id for vif in spec.vifs]


def test_a_hot_plugged_nic_is_joined_again(qemu: QemuHost) -> None:
    spec = running(qemu)
    vif = qemu.spec(vifs=1).vifs[0]
    subprocess.run(["ip", "link", "set", vif.tap, "up"], check=True)
    qemu.driver.attach_interface(spec.id, vif)
    wait_until(lambda: only(qemu.driver).cut_off == [])
    delete_tap(qemu, vif.tap)
    assert only(qemu.driver).cut_off == [vif.port_id]
    qemu.make_tap(vif.tap)
    subprocess.run(["ip", "link", "set", vif.tap, "up"], check=True)
    qemu.driver.attach_interface(spec.id, vif)
    wait_until(lambda: only(qemu.driver).cut_off == [])
