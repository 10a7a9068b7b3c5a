"""The metadata definitions of a new cloud: names, types and values that services agree on.

Sources: the Compute service's guide, "Extra specs" and "Image properties", and the Image
service's guide, "Useful image properties".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

IMAGE, VOLUME, FLAVOR = "OS::Glance::Image", "OS::Cinder::Volume", "OS::Nova::Flavor"
SERVER = "OS::Nova::Server"
# Volumes store such properties as image properties, servers as their metadata.
TARGETS = {VOLUME: "image", SERVER: "metadata"}
Property = dict[str, Any]


@dataclass(frozen=True)
class Namespace:
    """``prefixes``: resource type -> prefix of the names of ``properties`` on that type.

    ``objects``: named groups of properties; a dashboard offers each group as a whole.
    """

    name: str
    display_name: str
    description: str
    prefixes: dict[str, str]
    properties: dict[str, Property] = field(default_factory=dict)
    objects: dict[str, Property] = field(default_factory=dict)


def _text(title: str, description: str, *values: str, **more: Any) -> Property:
    document: Property = {"title": title, "description": description, "type": "string", **more}
    return {**document, "enum": list(values)} if values else document


def _whole(title: str, description: str, minimum: int = 1, **more: Any) -> Property:
    return {
        "title": title,
        "description": description,
        "type": "integer",
        "minimum": minimum,
        **more,
    }


def _truth(title: str, description: str) -> Property:
    return {"title": title, "description": description, "type": "boolean", "default": False}


def _software(kind: str, name: str, **more: tuple[str, str]) -> Property:
    """A group for one program: its version, and ``more`` by name: (title, description).

    Names ending in "port" are port numbers.
    """
    stem = f"sw_{kind}_"
    properties = {f"{stem}version": _text("Version", f"Version of {name}")}
    for part, (title, description) in more.items():
        is_port = part.endswith("port")
        properties[stem + part] = (
            _whole(title, description, maximum=65535) if is_port else _text(title, description)
        )
    return {"description": f"{name} is installed.", "properties": properties}


_PORT = ("Port", "Where it listens")
_ADMIN = ("Administrator", "Name of its administrator")
_EDITION = ("Edition", "Which edition it is")
_WEB = {
    "http_port": ("HTTP port", "Where it listens without TLS"),
    "https_port": ("HTTPS port", "Where it listens with TLS"),
}
_EVERYWHERE = {IMAGE: "hw_", VOLUME: "hw_", FLAVOR: "hw:"}
_UNPREFIXED = {IMAGE: "", VOLUME: ""}
_WITH_SERVERS = {**_UNPREFIXED, SERVER: ""}
NAMESPACES = (
    Namespace(
        "OS::Compute::VirtCPUTopology",
        "Virtual CPU topology",
        "How the virtual processors of a guest are laid out in sockets, cores and threads.",
        _EVERYWHERE,
        {
            f"cpu_{most}{part}": _whole(
                f"{'Most ' if most else ''}{part}", f"{'At most so' if most else 'So'} many {part}"
            )
            for most in ("", "max_")
            for part in ("sockets", "cores", "threads")
        },
    ),
    Namespace(
        "OS::Compute::CPUPinning",
        "CPU pinning",
        "Whether virtual processors have host processors of their own.",
        _EVERYWHERE,
        {
            "cpu_policy": _text("CPU policy", "Share processors or not", "shared", "dedicated"),
            "cpu_thread_policy": _text(
                "CPU thread policy",
                "What is done about threads of one core",
                "prefer",
                "isolate",
                "require",
            ),
        },
    ),
    Namespace(
        "OS::Compute::GuestMemoryBacking",
        "Guest memory",
        "The pages of the host that a guest's memory lies in.",
        _EVERYWHERE,
        {"mem_page_size": _text("Page size", "small, large, any, or a size such as 2MB")},
    ),
    Namespace(
        "OS::Compute::Watchdog",
        "Watchdog",
        "What happens when a guest stops feeding its watchdog.",
        _EVERYWHERE,
        {
            "watchdog_action": _text(
                "Action", "Done to the guest", "disabled", "reset", "poweroff", "pause", "none"
            )
        },
    ),
    Namespace(
        "OS::Compute::RandomNumberGenerator",
        "Random numbers",
        "How much of the host's random numbers guests of a flavor may have.",
        {FLAVOR: "hw_rng:"},
        {
            "allowed": _truth("Allowed", "Whether guests have the device at all"),
            "rate_bytes": _whole("Bytes", "Bytes in one period"),
            "rate_period": _whole("Period", "Length of a period in milliseconds"),
        },
    ),
    Namespace(
        "OS::Compute::Quota",
        "Shares and rates",
        "Limits of processor, disk and network that a flavor sets for its guests.",
        {FLAVOR: "quota:"},
        {
            "cpu_shares": _whole("CPU shares", "Weight against other guests"),
            "cpu_period": _whole("CPU period", "Microseconds in which the quota is counted", 1000),
            "cpu_quota": _whole("CPU quota", "Microseconds of processor in a period", -1),
            **{
                f"disk_{way}_{unit}_sec": _whole(f"{way} {unit}", f"{unit} a second, disk {way}", 0)
                for way in ("read", "write", "total")
                for unit in ("bytes", "iops")
            },
            **{
                f"vif_{way}_{what}": _whole(f"{way} {what}", f"Network, {way}, {what}", 0)
                for way in ("inbound", "outbound")
                for what in ("average", "burst", "peak")
            },
        },
    ),
    Namespace(
        "OS::Compute::LibvirtImage",
        "Virtual hardware",
        "The devices a guest of an image is given. The hypervisor of this cloud honours the "
        "machine type and the firmware; its disks, network cards and random numbers are virtio.",
        _UNPREFIXED,
        {
            "hw_machine_type": _text("Machine type", "Board that is emulated, such as q35 or virt"),
            "hw_disk_bus": _text(
                "Disk bus", "How disks are attached", "scsi", "virtio", "uml", "xen", "ide", "usb"
            ),
            "hw_vif_model": _text(
                "Network card",
                "Model of the network cards",
                *("e1000", "e1000e", "ne2k_pci", "netfront", "pcnet", "rtl8139", "virtio"),
            ),
            "hw_rng_model": _text("Random numbers", "Model of the device", "virtio"),
            "hw_video_model": _text(
                "Video", "Model of the display", "vga", "cirrus", "vmvga", "xen", "qxl", "virtio"
            ),
            "hw_firmware_type": _text("Firmware", "What starts the guest", "bios", "uefi"),
            "hw_qemu_guest_agent": _text("Guest agent", "Whether it is there", "yes", "no"),
            "os_require_quiesce": _text("Quiesce", "Snapshots need the agent", "yes", "no"),
        },
    ),
    Namespace(
        "OS::Glance::CommonImageProperties",
        "Common image properties",
        "What most clouds note of their images.",
        _UNPREFIXED,
        {
            "architecture": _text("Architecture", "Processors it runs on, as uname -m says"),
            "os_distro": _text("Distribution", "Name of the operating system's distribution"),
            "os_version": _text("Version", "Version of the operating system"),
            "os_admin_user": _text("Administrator", "User who may administer the guest"),
            "kernel_id": _text("Kernel", "Id of the image that is its kernel"),
            "ramdisk_id": _text("RAM disk", "Id of the image that is its RAM disk"),
            "instance_uuid": _text("Server", "Id of the server the image was made of"),
        },
    ),
    Namespace(
        "OS::Compute::InstanceData",
        "Data for the guest",
        "How a guest gets what it has to know of itself.",
        _UNPREFIXED,
        {
            "img_config_drive": _text(
                "Config drive",
                "Mandatory: every server gets a config drive",
                "mandatory",
                "optional",
            )
        },
    ),
    Namespace(
        "OS::Software::Runtimes",
        "Runtime environments",
        "Languages whose programs run in a guest without further installation. A note for people "
        "and programs that read it; nothing is installed.",
        _WITH_SERVERS,
        objects={
            name: _software(f"runtime_{name.lower()}", name)
            for name in ("Java", "Perl", "PHP", "Python", "Ruby")
        },
    ),
    Namespace(
        "OS::Software::WebServers",
        "Web servers",
        "Web servers in a guest, and where they listen. A note; nothing is installed.",
        _WITH_SERVERS,
        objects={
            "Apache HTTP Server": _software("webserver_apache", "Apache HTTP Server", **_WEB),
            "Nginx": _software("webserver_nginx", "Nginx", **_WEB),
            "IIS": _software("webserver_iis", "IIS", **_WEB),
        },
    ),
    Namespace(
        "OS::Software::DBMS",
        "Databases",
        "Database servers in a guest, and where they listen. A note; nothing is installed.",
        _WITH_SERVERS,
        objects={
            **{
                name: _software(
                    f"database_{name.replace(' ', '').lower()}",
                    name,
                    listen_port=_PORT,
                    admin=_ADMIN,
                )
                for name in ("CouchDB", "MongoDB", "MySQL", "PostgreSQL", "Redis")
            },
            "Apache Cassandra": _software(
                "database_cassandra", "Apache Cassandra", listen_port=_PORT, admin=_ADMIN
            ),
            "SQL Server": _software(
                "database_sqlserver", "SQL Server", listen_port=_PORT, edition=_EDITION
            ),
            "Oracle": _software("database_oracle", "Oracle", listen_port=_PORT, edition=_EDITION),
        },
    ),
)
