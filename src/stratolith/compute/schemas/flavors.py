"""Request schemas of flavors, their extra specs and their access list."""

from __future__ import annotations

from stratolith.compute.schemas.types import (
    BOOLEAN,
    NAME,
    PROJECT_ID,
    Document,
    closed,
    number,
)
from stratolith.kernel.http.validation import Schema, Since, add

_DESCRIPTION: Document = {"type": ["string", "null"], "maxLength": 65535, "format": "line"}
_ID: Document = {
    "type": ["string", "number", "null"],
    "minLength": 1,
    "maxLength": 255,
    "minimum": 0,
    "pattern": r"^[a-zA-Z0-9._-]([a-zA-Z0-9. _-]*[a-zA-Z0-9._-])?$",
}
_FACTOR: Document = {
    "type": ["number", "string"],
    "pattern": r"^[0-9]+(\.[0-9]+)?$",
    "minimum": 0,
    "exclusiveMinimum": 0,
    "maximum": 3.40282e38,
}

CREATE = Schema(
    closed(
        {
            "flavor": closed(
                {
                    "name": NAME,
                    "id": _ID,
                    "ram": number(1),
                    "vcpus": number(1),
                    "disk": number(0),
                    "swap": number(0),
                    "OS-FLV-EXT-DATA:ephemeral": number(0),
                    "rxtx_factor": _FACTOR,
                    "os-flavor-access:is_public": BOOLEAN,
                },
                "name",
                "ram",
                "vcpus",
                "disk",
            )
        },
        "flavor",
    )
).changed(Since("2.55", add("description", _DESCRIPTION, "flavor")))

UPDATE = Schema(closed({"flavor": closed({"description": _DESCRIPTION}, "description")}, "flavor"))

_SPEC_KEY = "^[a-zA-Z0-9-_:. ]{1,255}$"
_SPEC_VALUE: Document = {"type": ["string", "number"], "maxLength": 255}
_SPECS: Document = {
    "type": "object",
    "patternProperties": {_SPEC_KEY: _SPEC_VALUE},
    "additionalProperties": False,
}

EXTRA_SPECS = Schema(closed({"extra_specs": _SPECS}, "extra_specs"))
EXTRA_SPEC = Schema({**_SPECS, "minProperties": 1, "maxProperties": 1})

_ACCESS = closed({"tenant": PROJECT_ID}, "tenant")
ACTION = Schema(
    {
        "type": "object",
        "oneOf": [
            closed({"addTenantAccess": _ACCESS}, "addTenantAccess"),
            closed({"removeTenantAccess": _ACCESS}, "removeTenantAccess"),
        ],
    }
)
