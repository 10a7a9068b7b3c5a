"""The ``image`` section of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stratolith.kernel.config import Doc, Section
from stratolith.kernel.config import values as values

IMPORT_METHODS = ("glance-direct", "web-download", "glance-download", "copy-image")


class ImageSettings(Section, kw_only=True, frozen=True):
    """Where image data are stored and which data are accepted."""

    store_dir: Annotated[
        str, Doc(description="Directory of the image files; empty: images/ in the state directory.")
    ] = ""
    extra_stores: Annotated[
        list[str],
        Doc(
            description="Further stores of type file: NAME, stored in images-NAME/ of the state "
            "directory, or NAME=/DIRECTORY."
        ),
    ] = msgspec.field(default_factory=lambda: ["second"])
    web_store: Annotated[
        str,
        Doc(
            description="Id of the read-only store of type http: images whose data stay on remote "
            "web servers. It may connect to the same hosts as web-download. Empty: none."
        ),
    ] = "web"
    show_multiple_locations: Annotated[
        bool,
        Doc(description="Show the locations of image data, and let owners change them."),
    ] = False
    show_image_direct_url: Annotated[
        bool, Doc(description="Show the first location of the data as direct_url.")
    ] = False
    do_secure_hash: Annotated[
        bool, Doc(description="Read data that were added by location, and compute their hashes.")
    ] = True
    cache_dir: Annotated[
        str,
        Doc(description="Directory of the cache; empty: image-data-cache/ in the state directory."),
    ] = ""
    cache_max_gb: Annotated[
        int, Doc(description="Size of the image cache, in GiB; 0: no cache.", ge=0)
    ] = 10
    use_unified_limits: Annotated[
        bool,
        Doc(
            description="Enforce the limits registered in identity for this service: "
            "image_size_total, image_stage_total (MiB), image_count_total, image_count_uploading."
        ),
    ] = False
    property_protection_file: Annotated[
        str,
        Doc(description="File with rules for creating, reading, updating and deleting properties."),
    ] = ""
    property_protection_rule_format: Annotated[
        Literal["roles", "policies"],
        Doc(description="Whether these rules name roles, or rules of policy.yaml."),
    ] = "roles"
    import_methods: Annotated[
        list[str],
        Doc(
            description="Ways to import: glance-direct, web-download, glance-download, copy-image."
        ),
    ] = msgspec.field(default_factory=lambda: list(IMPORT_METHODS))
    import_ports: Annotated[
        list[int], Doc(description="Ports that web-download may connect to.")
    ] = msgspec.field(default_factory=lambda: [80, 443])
    import_allowed_hosts: Annotated[
        list[str],
        Doc(description="Hosts that web-download may connect to; empty: all that are not denied."),
    ] = msgspec.field(default_factory=list)
    import_denied_hosts: Annotated[
        list[str], Doc(description="Hosts that web-download may not connect to.")
    ] = msgspec.field(default_factory=list)
    import_private_networks: Annotated[
        list[str],
        Doc(
            description="Networks (CIDR) that web-download may connect to although they are "
            "private, loopback or link-local."
        ),
    ] = msgspec.field(default_factory=list)
    import_workers: Annotated[
        int, Doc(description="Maximum parallel imports of one server.", ge=1)
    ] = 6
    import_workers_per_project: Annotated[
        int,
        Doc(description="Maximum parallel imports of one project.", ge=1),
    ] = 2
    import_max_minutes: Annotated[
        int, Doc(description="Maximum minutes of a download from the web.", ge=1)
    ] = 240
    import_min_rate_kb: Annotated[
        int,
        Doc(
            description="Minimum average rate of downloads from the web, in KiB per second over "
            "import_rate_seconds; slower downloads are stopped. 0: no minimum.",
            ge=0,
        ),
    ] = 8
    import_rate_seconds: Annotated[
        int, Doc(description="Seconds over which import_min_rate_kb is measured.", ge=1)
    ] = 30
    import_plugins: Annotated[
        list[Literal["image_decompression", "image_conversion", "inject_image_metadata"]],
        Doc(
            description="Plugins of imports, run in this order: unpack gzip, xz, bzip2 and zip; "
            "convert disks to import_output_format; set the properties of import_inject."
        ),
    ] = msgspec.field(default_factory=list)
    import_output_format: Annotated[
        Literal["raw", "qcow2", "vmdk"],
        Doc(description="Format to which image_conversion converts."),
    ] = "raw"
    import_inject: Annotated[
        dict[str, str], Doc(description="Properties that inject_image_metadata sets.")
    ] = msgspec.field(default_factory=dict)
    import_inject_ignore_roles: Annotated[
        list[str], Doc(description="Roles whose imports inject_image_metadata ignores.")
    ] = msgspec.field(default_factory=lambda: ["admin"])
    enforce_format: Annotated[
        bool,
        Doc(
            description="Refuse data whose format is not that of disk_format. Data that refer to "
            "other files (backing files, external extents) are always refused."
        ),
    ] = True
    max_size_gb: Annotated[int, Doc(description="Largest image, in GiB.", ge=1)] = 1024
    min_free_mb: Annotated[
        int,
        Doc(description="Free space in GiB that uploads must leave.", ge=0),
    ] = 512
    default_page: Annotated[
        int, Doc(description="Images on a page of a list when the request has no limit.", ge=1)
    ] = 25
    max_properties: Annotated[
        int, Doc(description="Maximum custom properties of one image.", ge=0)
    ] = 128
    max_tags: Annotated[int, Doc(description="Maximum tags of one image.", ge=0)] = 128
    max_members: Annotated[int, Doc(description="Maximum members of one shared image.", ge=0)] = 128

    def __post_init__(self) -> None:
        names = ["file"]
        for entry in self.extra_stores:
            name, equals, place = entry.partition("=")
            values.name("extra_stores", name)
            names.append(name)
            if equals:
                values.directory("extra_stores", place)
        if self.web_store:
            values.name("web_store", self.web_store)
            names.append(self.web_store)
        if len(names) != len(set(names)):
            raise ValueError(f"extra_stores: the names of stores must be unique: {names}")
        for key in ("store_dir", "cache_dir", "property_protection_file"):
            values.directory(key, getattr(self, key), may_be_empty=True)
        values.some_of("import_methods", self.import_methods, IMPORT_METHODS)
        for port in self.import_ports:
            if not 1 <= port <= 65535:
                raise ValueError(f"import_ports: {port} is not from 1 to 65535")
        for host in [*self.import_allowed_hosts, *self.import_denied_hosts]:
            if ":" in host:
                values.address("import hosts", host.strip("[]"))
            else:
                values.host_name("import hosts", host)
        for network in self.import_private_networks:
            values.network("import_private_networks", network)
