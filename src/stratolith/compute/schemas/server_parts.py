"""Request schemas of sub-resources of servers."""

from __future__ import annotations

from stratolith.compute.schemas.types import TAG, TAGS, closed
from stratolith.kernel.http.validation import Schema

MAX_TAGS = 50
ONE_TAG = Schema(TAG)
TAGS_BODY = Schema(closed({"tags": TAGS}, "tags"))
