"""Locations: the schema of requests."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers.digests import ALGORITHMS
from stratolith.kernel.http.validation import Schema

Document = dict[str, Any]
MAX_URL = 2048
_ALGORITHM: Document = {"type": "string", "maxLength": 64}
_VALUE: Document = {"type": "string", "maxLength": 128}
_URL: Document = {"type": "string", "minLength": 1, "maxLength": MAX_URL}
LOCATIONS: Document = {
    "type": "array",
    "description": "Locations of the image data",
    "items": {
        "type": "object",
        "properties": {
            "url": _URL,
            "metadata": {"type": "object"},
            "validation_data": {
                "type": "object",
                "description": "Expected hashes of the data",
                "writeOnly": True,
                "additionalProperties": False,
                "properties": {
                    "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
                    "os_hash_algo": _ALGORITHM,
                    "os_hash_value": _VALUE,
                },
                "required": ["os_hash_algo", "os_hash_value"],
            },
        },
        "required": ["url", "metadata"],
    },
}
PLACES = Schema({**LOCATIONS, "maxItems": 100})
ADD_LOCATION = Schema(
    {
        "type": "object",
        "properties": {
            "url": _URL,
            "validation_data": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {
                    "os_hash_algo": {"type": "string", "enum": list(ALGORITHMS)},
                    "os_hash_value": _VALUE,
                },
                "dependencies": {
                    "os_hash_value": ["os_hash_algo"],
                    "os_hash_algo": ["os_hash_value"],
                },
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    }
)
