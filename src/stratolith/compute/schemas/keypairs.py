"""Request schemas of keypairs."""

from __future__ import annotations

from stratolith.compute.schemas import queries
from stratolith.compute.schemas.types import NAME, Document, closed
from stratolith.kernel.http.validation import Schema, Since, add


def _name(characters: str) -> Document:
    return {"allOf": [NAME, {"type": "string", "pattern": f"^[{characters} a-zA-Z0-9]+$"}]}


def _import_only(document: Document) -> None:
    keypair = document["properties"]["keypair"]
    keypair["properties"]["name"] = _name(r"_\-\@\.")
    keypair["required"] = ["name", "public_key"]


CREATE = Schema(
    closed(
        {"keypair": closed({"name": _name(r"_\-"), "public_key": {"type": "string"}}, "name")},
        "keypair",
    )
).changed(
    Since("2.2", add("type", {"type": "string", "enum": ["ssh", "x509"]}, "keypair")),
    Since("2.10", add("user_id", {"type": "string"}, "keypair")),
    Since("2.92", _import_only),
)


QUERY = Schema({"type": "object", "properties": {}}).changed(
    Since("2.10", add("user_id", {})),
    Since("2.75", queries.strict),
)
LIST_QUERY = Schema({"type": "object", "properties": {}}).changed(
    Since("2.10", add("user_id", {})),
    Since("2.35", add("limit", queries.LIMIT)),
    Since("2.35", add("marker", {})),
    Since("2.75", queries.strict),
)
