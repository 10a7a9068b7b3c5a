"""The command line of a guest; every PCI device has a fixed address (see machines.py)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from stratolith.compute.drivers.base import GuestSpec, NotPossible, VifSpec
from stratolith.compute.drivers.qemu import cdrom, firmware, machines, taps
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.disks import DiskFile
from stratolith.compute.drivers.qemu.machines import DISK_SLOTS, NIC_SLOTS, Board, Machine

# After its start QEMU may only do what it needs: no new processes, no new privileges.
_SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


def build(
    qemu: str,
    machine: Machine,
    spec: GuestSpec,
    directory: Path,
    disks: list[DiskFile],
    slots: Mapping[str, int],
    acceleration: Acceleration,
) -> list[str]:
    """The command with its arguments; relative paths in it are relative to ``directory``.

    ``slots``: port id -> PCI slot of the NIC. Paths of sockets are relative because the path of a
    unix socket has at most 107 bytes; the pid file is absolute because it identifies the process.
    """
    arguments = [
        qemu,
        *("-name", f"guest={spec.id},debug-threads=on"),
        *("-uuid", spec.id, "-pidfile", str(directory / "qemu.pid")),
        *("-nodefaults", "-no-user-config", "-sandbox", _SANDBOX),
        *("-machine", _machine(machine)),
        *_firmware(machine, directory),
        *acceleration.options(spec.memory_mb, machine.platform.tcg_cpu),
        *("-smp", f"{spec.vcpus},sockets={spec.vcpus},cores=1,threads=1"),
        *("-m", f"size={spec.memory_mb}M", "-rtc", "base=utc", "-boot", "strict=on"),
        *("-smbios", _smbios(spec.id)),
        *_consoles(machine.board),
        *_device(driver="virtio-rng-pci", id="rng", **machines.place(machine.board, 0x03)),
        *_balloon(machine.board),
        *_root_ports(machine.board),
    ]
    for number, disk in enumerate(disks):
        make = cdrom.arguments if disk.role == "cdrom" else _disk
        arguments += make(number, disk, machine.board)
    if spec.config_drive is not None:
        arguments += _config_drive(directory / "configdrive.iso", machine.board)
    for vif in spec.vifs:
        arguments += ["-netdev", ",".join(_pairs(netdev(vif, acceleration)))]
        arguments += ["-device", json.dumps(nic(vif, slots[vif.port_id], machine.board))]
    return arguments


def free_slot(taken: Iterable[int]) -> int:
    """A free slot for another NIC; raises DriverError if there is none."""
    busy = set(taken)
    for slot in NIC_SLOTS:
        if slot not in busy:
            return slot
    raise NotPossible(f"A guest can have at most {len(NIC_SLOTS)} NICs")


# The guest fills in checksums and cuts segments itself.
NO_OFFLOAD = dict.fromkeys(
    ("csum", "gso", "host_tso4", "host_tso6", "host_ecn", "host_ufo"), False
)  # fmt: skip


def netdev(vif: VifSpec, acceleration: Acceleration) -> dict[str, object]:
    """The host's end of a NIC, as arguments of netdev_add."""
    settings: dict[str, object] = {
        "type": "tap",
        "id": f"net-{vif.port_id}",
        "ifname": vif.tap,
        "script": "no",
        "downscript": "no",
    }
    if acceleration.name == "kvm" and os.path.exists("/dev/vhost-net"):
        settings["vhost"] = True
    return settings


def nic(vif: VifSpec, slot: int, board: Board) -> dict[str, object]:
    """The guest's end of a NIC, as arguments of device_add; raises DriverError."""
    if vif.model != "virtio":
        raise NotPossible(f"NICs of the model {vif.model!r} are not supported, only virtio")
    return {
        "driver": "virtio-net-pci",
        "id": f"vif-{vif.port_id}",
        "netdev": f"net-{vif.port_id}",
        "mac": vif.mac,
        "host_mtu": vif.mtu,
        "romfile": "",  # no network boot, so that the firmware is faster
        **(NO_OFFLOAD if taps.is_without_offload(vif.tap) else {}),
        **machines.nic_place(board, slot),
    }


def _machine(machine: Machine) -> str:
    options = [machine.type, machine.board.options, "dump-guest-core=off", "usb=off"]
    if machine.uefi is not None:
        options += ["pflash0=code"] if machine.uefi.is_flash else []
        options.append("pflash1=variables")
    return ",".join(options)


def _firmware(machine: Machine, directory: Path) -> list[str]:
    """Options for UEFI: its code, shared and read-only, and the guest's own variables."""
    uefi = machine.uefi
    if uefi is None:
        return []
    own = {"driver": "file", "filename": str(directory / firmware.VARIABLES)}
    arguments = ["-blockdev", json.dumps({"driver": "raw", "node-name": "variables", "file": own})]
    if not uefi.is_flash:
        return [*arguments, "-bios", str(uefi.code)]
    file = {"driver": "file", "filename": str(uefi.code), "read-only": True}
    code = {"driver": "raw", "node-name": "code", "read-only": True, "file": file}
    return [*arguments, "-blockdev", json.dumps(code)]


def _root_ports(board: Board) -> list[str]:
    """A root port for each possible NIC, as ports cannot be added to a running guest."""
    if not board.is_express:
        return []
    arguments: list[str] = []
    for slot in NIC_SLOTS:
        port = {"driver": "pcie-root-port", "id": machines.port_name(slot), "chassis": slot}
        # virtio needs no I/O ports, and a machine has too few of them for all root ports.
        arguments += _device(**port, **machines.place(board, slot), **{"io-reserve": 0})
    return arguments


def _smbios(guest_id: str) -> str:
    # cloud-init uses the metadata service only in a machine with this product name.
    return (
        "type=1,manufacturer=OpenStack Foundation,product=OpenStack Compute,family=Virtual "
        f"Machine,uuid={guest_id},serial={guest_id}"
    )


def _consoles(board: Board) -> list[str]:
    def socket(name: str) -> str:
        return f"socket,id={name},path={name}.sock,server=on,wait=off"

    return [
        *("-display", "none", *board.display, "-vnc", "unix:vnc.sock"),
        *("-chardev", socket("qmp"), "-mon", "chardev=qmp,mode=control"),
        *("-chardev", "pipe,id=events,path=events", "-mon", "chardev=events,mode=control"),
        *("-chardev", socket("console") + ",logfile=console.log,logappend=on"),
        *("-serial", "chardev:console"),
    ]


def _balloon(board: Board) -> list[str]:
    """A balloon device that returns pages to the host when the guest frees them."""
    return _device(
        driver="virtio-balloon-pci",
        id="balloon",
        **machines.place(board, 0x04),
        **{"deflate-on-oom": True, "free-page-reporting": True},
    )


def _disk(number: int, disk: DiskFile, board: Board) -> list[str]:
    if number >= len(DISK_SLOTS):
        raise NotPossible(f"A guest can have at most {len(DISK_SLOTS)} disks")
    node = f"disk{number}"
    file = {"driver": "file", "filename": str(disk.path), "discard": "unmap", "aio": "threads"}
    block = {"driver": disk.format, "node-name": node, "discard": "unmap", "file": file}
    # If the host's disk is full, the guest is paused instead of getting errors: no data is lost.
    device: dict[str, object] = {"write-cache": "on", "werror": "enospc", "rerror": "report"}
    if number == 0:
        device["bootindex"] = 1
    return [
        *("-blockdev", json.dumps(block)),
        *_device(
            driver="virtio-blk-pci",
            id=f"dev-{node}",
            drive=node,
            serial=disk.serial,
            **machines.place(board, DISK_SLOTS[number]),
            **device,
        ),
    ]


def _config_drive(path: Path, board: Board) -> list[str]:
    """The config drive: a CD on IDE or SCSI, so the names of the vd* disks do not change."""
    file = {"driver": "file", "filename": str(path), "read-only": True}
    block = {"driver": "raw", "node-name": "configdrive", "read-only": True, "file": file}
    arguments = ["-blockdev", json.dumps(block)]
    drive = {"id": "dev-configdrive", "drive": "configdrive"}
    if board.drive_bus == "ide":
        return [*arguments, *_device(driver="ide-cd", **drive, bus="ide.0", unit=0)]
    scsi = _device(driver="virtio-scsi-pci", id="scsi", **machines.place(board, 0x02))
    return [*arguments, *scsi, *_device(driver="scsi-cd", **drive, bus="scsi.0")]


def _device(**settings: object) -> list[str]:
    return ["-device", json.dumps(settings)]


def _pairs(settings: Mapping[str, object]) -> list[str]:
    """QEMU's older option syntax, which -netdev accepts in all versions."""
    options = [str(settings["type"])]
    for key, value in settings.items():
        if key != "type":
            text = "on" if value is True else str(value)
            options.append(f"{key}={text.replace(',', ',,')}")
    return options
