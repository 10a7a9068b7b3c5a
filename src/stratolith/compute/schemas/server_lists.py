"""Query parameters of lists of servers."""

from __future__ import annotations

from stratolith.compute.schemas import queries
from stratolith.kernel.http.validation import Schema, Since, add

SORT_KEYS = [
    "access_ip_v4",
    "access_ip_v6",
    "auto_disk_config",
    "availability_zone",
    "config_drive",
    "created_at",
    "display_description",
    "display_name",
    "host",
    "hostname",
    "image_ref",
    "instance_type_id",
    "key_name",
    "launch_index",
    "launched_at",
    "locked",
    "locked_by",
    "node",
    "power_state",
    "progress",
    "project_id",
    "ramdisk_id",
    "root_device_name",
    "task_state",
    "terminated_at",
    "updated_at",
    "user_id",
    "uuid",
    "vm_state",
]

# Parameters with any text, and parameters whose text is a regular expression.
FILTERS = [
    "user_id",
    "project_id",
    "tenant_id",
    "launch_index",
    "image_ref",
    "image",
    "vm_state",
    "task_state",
    "host",
    "uuid",
    "sort_dir",
    "all_tenants",
    "soft_deleted",
    "deleted",
    "status",
    "marker",
]
EXPRESSIONS = [
    "kernel_id",
    "ramdisk_id",
    "hostname",
    "key_name",
    "power_state",
    "node",
    "flavor",
    "reservation_id",
    "launched_at",
    "terminated_at",
    "availability_zone",
    "name",
    "display_name",
    "description",
    "display_description",
    "locked_by",
    "root_device_name",
    "config_drive",
    "access_ip_v4",
    "access_ip_v6",
    "auto_disk_config",
    "progress",
    "ip",
    "ip6",
    "created_at",
]


# Known names without a filter: an error for callers that may use all filters.
UNFILTERED = [
    "block_device_mapping",
    "services",
    "metadata",
    "system_metadata",
    "info_cache",
    "security_groups",
    "pci_devices",
]
_EXPRESSION = queries.many({"minLength": 1})
LIST_QUERY = Schema(
    {
        "type": "object",
        "properties": {
            **{name: {} for name in [*FILTERS, *UNFILTERED, "sort_key", "changes-since"]},
            **dict.fromkeys(EXPRESSIONS, _EXPRESSION),
            "limit": queries.LIMIT,
        },
        "patternProperties": {"^_": {}},
    }
).changed(
    Since("2.26", add("tags", _EXPRESSION)),
    Since("2.26", add("tags-any", _EXPRESSION)),
    Since("2.26", add("not-tags", _EXPRESSION)),
    Since("2.26", add("not-tags-any", _EXPRESSION)),
    Since("2.66", add("changes-before", {})),
    Since("2.73", add("locked", {})),
    Since("2.75", queries.strict),
)
