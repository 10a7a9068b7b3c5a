"""Identifiers: OpenStack's two formats of UUIDs, and request ids."""

from __future__ import annotations

import random
import re
import uuid
from contextvars import ContextVar

_UUID = re.compile(r"^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$")
_RANDOM = random.Random()
_REQUEST_ID = re.compile(r"^req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

# The request id of the current work of this thread, for the log.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")


def new_uuid() -> str:
    """A random UUID with dashes (compute, network, image)."""
    return str(uuid.uuid4())


def new_hex() -> str:
    """A random UUID of 32 hexadecimal digits (identity)."""
    return uuid.uuid4().hex


def new_request_id() -> str:
    """A unique id; it is not secret, so no system call per request is needed."""
    return f"req-{uuid.UUID(int=_RANDOM.getrandbits(128), version=4)}"


def is_uuid(text: object) -> bool:
    return isinstance(text, str) and bool(_UUID.match(text))


def is_request_id(text: str) -> bool:
    return bool(_REQUEST_ID.match(text))
