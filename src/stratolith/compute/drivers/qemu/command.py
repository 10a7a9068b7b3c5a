"""The command line of a guest, with every PCI device at a fixed place.

Machine type pc: it boots as fast as q35 under TCG, and every slot of its one bus takes a
device while the guest runs (acpiphp), without a root port per device. The slots:

    0x00-0x02 host bridge, ISA/IDE/ACPI, VGA    0x05-0x0e NICs, in the order of their arrival
    0x03 random numbers   0x04 balloon          0x0f-0x1e disks
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from stratolith.compute.drivers.base import DriverError, GuestSpec, VifSpec
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.disks import DiskFile

_BUS = "pci.0"
NIC_SLOTS = range(0x05, 0x0F)
DISK_SLOTS = range(0x0F, 0x1F)
# QEMU may do nothing it does not need once it runs: no new processes, no new privileges.
_SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


def build(
    qemu: str,
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
        *("-machine", "pc,vmport=off,hpet=off,dump-guest-core=off,usb=off"),
        *acceleration.options(spec.memory_mb),
        *("-smp", f"{spec.vcpus},sockets={spec.vcpus},cores=1,threads=1"),
        *("-m", f"size={spec.memory_mb}M", "-rtc", "base=utc", "-boot", "strict=on"),
        *("-smbios", _smbios(spec.id)),
        *_consoles(),
        *_device(driver="virtio-rng-pci", id="rng", bus=_BUS, addr="0x03"),
        *_balloon(),
    ]
    for number, disk in enumerate(disks):
        words += _disk(number, disk)
    if spec.config_drive is not None:
        words += _config_drive(directory / "configdrive.iso")
    for vif in spec.vifs:
        words += ["-netdev", ",".join(_pairs(netdev(vif, acceleration)))]
        words += ["-device", json.dumps(nic(vif, slots[vif.port_id]))]
    return words


def free_slot(taken: Iterable[int]) -> int:
    """A place for one more NIC; raises DriverError when all are taken."""
    busy = set(taken)
    for slot in NIC_SLOTS:
        if slot not in busy:
            return slot
    raise DriverError(f"A guest can have at most {len(NIC_SLOTS)} NICs")


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


def nic(vif: VifSpec, slot: int) -> dict[str, object]:
    """The guest's end of a NIC, as device_add takes it; raises DriverError."""
    if vif.model != "virtio":
        raise DriverError(f"NICs of the model {vif.model!r} are not supported, only virtio")
    return {
        "driver": "virtio-net-pci",
        "id": f"vif-{vif.port_id}",
        "netdev": f"net-{vif.port_id}",
        "mac": vif.mac,
        "host_mtu": vif.mtu,
        "romfile": "",  # no network boot: the BIOS is done sooner
        "bus": _BUS,
        "addr": hex(slot),
    }


def _smbios(guest_id: str) -> str:
    # cloud-init asks the metadata service only in a machine with this product name.
    return (
        "type=1,manufacturer=OpenStack Foundation,product=OpenStack Compute,family=Virtual "
        f"Machine,uuid={guest_id},serial={guest_id}"
    )


def _consoles() -> list[str]:
    def socket(name: str) -> str:
        return f"socket,id={name},path={name}.sock,server=on,wait=off"

    return [
        *("-display", "none", "-vga", "std", "-vnc", "unix:vnc.sock"),
        *("-chardev", socket("qmp"), "-mon", "chardev=qmp,mode=control"),
        *("-chardev", "pipe,id=events,path=events", "-mon", "chardev=events,mode=control"),
        *("-chardev", socket("console") + ",logfile=console.log,logappend=on"),
        *("-serial", "chardev:console"),
    ]


def _balloon() -> list[str]:
    """Pages the guest frees go back to the host by themselves."""
    return _device(
        driver="virtio-balloon-pci",
        id="balloon",
        bus=_BUS,
        addr="0x04",
        **{"deflate-on-oom": True, "free-page-reporting": True},
    )


def _disk(number: int, disk: DiskFile) -> list[str]:
    if number >= len(DISK_SLOTS):
        raise DriverError(f"A guest can have at most {len(DISK_SLOTS)} disks")
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
            bus=_BUS,
            addr=hex(DISK_SLOTS[number]),
            **device,
        ),
    ]


def _config_drive(path: Path) -> list[str]:
    """On IDE, so that it takes no letter among the guest's vd* disks."""
    file = {"driver": "file", "filename": str(path), "read-only": True}
    block = {"driver": "raw", "node-name": "configdrive", "read-only": True, "file": file}
    device = _device(
        driver="ide-cd", id="dev-configdrive", drive="configdrive", bus="ide.0", unit=0
    )
    return ["-blockdev", json.dumps(block), *device]


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
