"""Query parameters of lists, as upstream declares them.

Operations that are not listed here ignore unknown names in all microversions of this cloud.
Values are texts; a repeated name has a list of texts.
"""

from __future__ import annotations

from stratolith.compute.schemas.types import BOOLEAN, Document
from stratolith.kernel.http.validation import Schema, Since, add

_WHOLE: Document = {"pattern": "^[0-9]+$"}
_POSITIVE: Document = {"pattern": "^0*[1-9][0-9]*$"}
_MOMENT: Document = {"format": "moment"}


def once(schema: Document | None = None) -> Document:
    """A parameter that may be given only once."""
    return {"type": "string", **(schema or {})}


def many(schema: Document) -> Document:
    """A parameter that may be repeated; every value is checked."""
    return {"type": ["string", "array"], "items": schema, **schema}


def strict(document: Document) -> None:
    """Refuse unknown names."""
    document["additionalProperties"] = False


LIMIT = many(_WHOLE)


def _free(*names: str, **checked: Document) -> Schema:
    """Names with any value, and names whose values are checked; others are ignored."""
    properties = {**{name: {} for name in names}, **checked}
    return Schema({"type": "object", "properties": properties})


def _usage(*names: str) -> Schema:
    return _free("start", "end", *names).changed(
        Since("2.40", add("limit", LIMIT)), Since("2.40", add("marker", {})), _STRICT
    )


_STRICT = Since("2.75", strict)
_PART = {"limit": LIMIT, "offset": LIMIT}
_FLAVORS = ("marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir")
FLAVORS = _free(*_FLAVORS, limit=LIMIT).changed(_STRICT)
LIMITS = _free("tenant_id").changed(_STRICT)
QUOTA_SET = _free("user_id").changed(_STRICT)
SERVICES = _free("host", "binary").changed(_STRICT)
SERVER_GROUPS = _free("all_projects", **_PART).changed(_STRICT)
VOLUME_ATTACHMENTS = _free(**_PART).changed(_STRICT)
SECURITY_GROUPS = _free("all_tenants", **_PART)
IMAGES = _free(limit=many(_POSITIVE), page_size=many(_POSITIVE), offset=many(_POSITIVE))
USAGES = _usage("detailed")
USAGE = _usage()

HYPERVISORS = _free().changed(
    Since("2.33", add("limit", LIMIT)),
    Since("2.33", add("marker", {})),
    Since("2.53", add("limit", once(_WHOLE))),
    Since("2.53", add("marker", once())),
    Since(
        "2.53",
        add(
            "hypervisor_hostname_pattern",
            once({"pattern": "^[a-zA-Z0-9-._]*$", "minLength": 1, "maxLength": 255}),
        ),
    ),
    Since("2.53", add("with_servers", once(BOOLEAN))),
    Since("2.53", strict),
)
HYPERVISOR = _free().changed(
    Since("2.53", add("with_servers", once(BOOLEAN))), Since("2.53", strict)
)

ACTIONS = _free().changed(
    Since("2.58", add("limit", once(_WHOLE))),
    Since("2.58", add("marker", once())),
    Since("2.58", add("changes-since", once(_MOMENT))),
    Since("2.58", strict),
    Since("2.66", add("changes-before", once(_MOMENT))),
)
MIGRATIONS = _free(
    "hidden", "host", "instance_uuid", "source_compute", "status", "migration_type"
).changed(
    Since("2.59", add("limit", once(_WHOLE))),
    Since("2.59", add("marker", once())),
    Since("2.59", add("changes-since", once(_MOMENT))),
    Since("2.59", strict),
    Since("2.66", add("changes-before", once(_MOMENT))),
    Since("2.80", add("user_id", once())),
    Since("2.80", add("project_id", once())),
)
