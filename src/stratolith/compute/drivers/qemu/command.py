"""The command line of a guest, with every PCI device at a fixed place (see machines.py)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from stratolith.compute.drivers.base import GuestSpec, NotPossible, VifSpec
from stratolith.compute.drivers.qemu import cdrom, firmware, machines
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.disks import DiskFile
from stratolith.compute.drivers.qemu.machines import DISK_SLOTS, NIC_SLOTS, Board, Machine

# QEMU may do nothing it does not need once it runs: no new processes, no new privileges.
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
    """The words of the command; relative paths in it are meant from ``directory``.

    ``slots`` gives each NIC's place by port id. Sockets are relative because a unix socket's
    path holds 107 bytes; the pid file is absolute because it marks the process as ours.
    """
    words = [
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
        make = cdrom.words if disk.role == "cdrom" else _disk
        words += make(number, disk, machine.board)
    if spec.config_drive is not None:
        words += _config_drive(directory / "configdrive.iso", machine.board)
    for vif in spec.vifs:
        words += ["-netdev", ",".join(_pairs(netdev(vif, acceleration)))]
        words += ["-device", json.dumps(nic(vif, slots[vif.port_id], machine.board))]
    return words


def free_slot(taken: Iterable[int]) -> int:
    """A place for one more NIC; raises DriverError when all are taken."""
    busy = set(taken)
    for slot in NIC_SLOTS:
        if slot not in busy:
            return slot
    raise NotPossible(f"A guest can have at most {len(NIC_SLOTS)} NICs")


def netdev(vif: VifSpec, acceleration: Acceleration) -> dict[str, object]:
    """The host's end of a NIC, as netdev_add takes it."""
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
    """The guest's end of a NIC, as device_add takes it; raises DriverError."""
    if vif.model != "virtio":
        raise NotPossible(f"NICs of the model {vif.model!r} are not supported, only virtio")
    return {
        "driver": "virtio-net-pci",
        "id": f"vif-{vif.port_id}",
        "netdev": f"net-{vif.port_id}",
        "mac": vif.mac,
        "host_mtu": vif.mtu,
        "romfile": "",  # no network boot: the firmware is done sooner
        **machines.nic_place(board, slot),
    }


def _machine(machine: Machine) -> str:
    words = [machine.type, machine.board.options, "dump-guest-core=off", "usb=off"]
    if machine.uefi is not None:
        words += ["pflash0=code"] if machine.uefi.is_flash else []
        words.append("pflash1=variables")
    return ",".join(words)


def _firmware(machine: Machine, directory: Path) -> list[str]:
    """UEFI's code, shared and read-only, and the guest's own variables; nothing for a BIOS."""
    uefi = machine.uefi
    if uefi is None:
        return []
    own = {"driver": "file", "filename": str(directory / firmware.VARIABLES)}
    words = ["-blockdev", json.dumps({"driver": "raw", "node-name": "variables", "file": own})]
    if not uefi.is_flash:
        return [*words, "-bios", str(uefi.code)]
    file = {"driver": "file", "filename": str(uefi.code), "read-only": True}
    code = {"driver": "raw", "node-name": "code", "read-only": True, "file": file}
    return [*words, "-blockdev", json.dumps(code)]


def _root_ports(board: Board) -> list[str]:
    """A free place for each NIC that may ever come: they cannot be added to a running guest."""
    if not board.is_express:
        return []
    words: list[str] = []
    for slot in NIC_SLOTS:
        port = {"driver": "pcie-root-port", "id": machines.port_name(slot), "chassis": slot}
        # virtio needs no I/O ports, of which a machine has too few for all the ports.
        words += _device(**port, **machines.place(board, slot), **{"io-reserve": 0})
    return words


def _smbios(guest_id: str) -> str:
    # cloud-init asks the metadata service only in a machine with this product name.
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
    """Pages the guest frees go back to the host by themselves."""
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
    # On a full host disk the guest is paused, not given errors: nothing is lost.
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
    """A CD on IDE or SCSI, so that it takes no letter among the guest's vd* disks."""
    file = {"driver": "file", "filename": str(path), "read-only": True}
    block = {"driver": "raw", "node-name": "configdrive", "read-only": True, "file": file}
    words = ["-blockdev", json.dumps(block)]
    drive = {"id": "dev-configdrive", "drive": "configdrive"}
    if board.drive_bus == "ide":
        return [*words, *_device(driver="ide-cd", **drive, bus="ide.0", unit=0)]
    scsi = _device(driver="virtio-scsi-pci", id="scsi", **machines.place(board, 0x02))
    return [*words, *scsi, *_device(driver="scsi-cd", **drive, bus="scsi.0")]


def _device(**settings: object) -> list[str]:
    return ["-device", json.dumps(settings)]


def _pairs(settings: Mapping[str, object]) -> list[str]:
    """QEMU's older option syntax, which -netdev takes in all versions."""
    words = [str(settings["type"])]
    for key, value in settings.items():
        if key != "type":
            text = "on" if value is True else str(value)
            words.append(f"{key}={text.replace(',', ',,')}")
    return words
