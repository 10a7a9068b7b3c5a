"""Request schemas of the old routes for the metadata of images."""

from __future__ import annotations

from stratolith.compute.schemas.types import METADATA, closed
from stratolith.kernel.http.validation import Schema

METADATA_BODY = Schema(closed({"metadata": METADATA}, "metadata"))
META_BODY = Schema(closed({"meta": {**METADATA, "minProperties": 1, "maxProperties": 1}}, "meta"))
