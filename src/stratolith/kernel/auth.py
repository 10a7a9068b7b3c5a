"""The identity of a caller: the content of a validated token, and the interface to validate it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

import msgspec
import re2


class AccessRule(msgspec.Struct, frozen=True):
    """A request that a restricted credential may make; ``path`` may contain patterns:
    ``*`` and ``{name}`` match one segment, ``**`` any number of segments.
    """

    service: str  # service type
    method: str
    path: str

    def allows(self, service: str, method: str, path: str) -> bool:
        return (
            self.service == service
            and self.method == method  # HEAD needs its own rule
            and _fits(self.path, path)
        )


def _fits(pattern: str, path: str) -> bool:
    try:
        return _compiled(pattern).fullmatch(path) is not None
    except UnicodeEncodeError:  # a lone surrogate is in no valid path
        return False


@lru_cache(maxsize=2000)
def _compiled(pattern: str) -> Any:
    """An RE2 expression: its time depends only on the path's length, whatever the pattern."""
    parts = re.split(r"(\*\*|\*|\{[^/{}]*\})", pattern)
    return re2.compile(
        "".join(
            ".*" if part == "**" else "[^/]+" if part[:1] in ("*", "{") else re2.escape(part)
            for part in parts
        )
    )


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A validated token. Ids are identity's 32 hexadecimal digits."""

    user_id: str
    user_name: str = ""
    user_domain_id: str = "default"
    user_domain_name: str = "Default"
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    project_domain_name: str | None = None
    is_admin_project: bool = True
    domain_id: str | None = None
    domain_name: str | None = None
    system: bool = False
    roles: tuple[str, ...] = ()
    role_ids: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("password",)
    audit_ids: tuple[str, ...] = ()
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    access_rules: tuple[AccessRule, ...] | None = None  # None: all requests are allowed
    details: dict[str, Any] = {}  # for identity only: trust, application credential, ...

    def credentials(self) -> dict[str, Any]:
        """The attributes that policy rules can use (oslo.context's policy values)."""
        return {
            "user_id": self.user_id,
            "user_domain_id": self.user_domain_id,
            "project_id": self.project_id,
            "tenant_id": self.project_id,
            "project_domain_id": self.project_domain_id,
            "domain_id": self.domain_id,
            "system_scope": "all" if self.system else None,
            "roles": list(self.roles),
            "is_admin": False,
            "is_admin_project": self.is_admin_project,
            # upstream's identity rules check the token itself
            "token": {
                "domain": {"id": self.domain_id} if self.domain_id else {},
                "project": ({"domain": {"id": self.project_domain_id}} if self.project_id else {}),
            },
            "service_roles": [],
            "service_user_id": None,
            "service_project_id": None,
        }


class Authenticator(Protocol):
    """Implemented by the identity service."""

    def authenticate(self, token: str) -> Identity:
        """Validate a token; raises Unauthorized."""
