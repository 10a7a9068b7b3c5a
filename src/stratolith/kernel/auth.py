"""Who is asking: the facts a validated token gives, and the hook that validates."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

import msgspec
import re2


class AccessRule(msgspec.Struct, frozen=True):
    """One request that a restricted credential may make; ``path`` may hold patterns:
    ``*`` and ``{name}`` are one part of it, ``**`` is any number of parts.
    """

    service: str  # service type
    method: str
    path: str

    def allows(self, service: str, method: str, path: str) -> bool:
        return (
            self.service == service
            and self.method == method  # HEAD has rules of its own
            and _fits(self.path, path)
        )


def _fits(pattern: str, path: str) -> bool:
    try:
        return _compiled(pattern).fullmatch(path) is not None
    except UnicodeEncodeError:  # half a letter is in no path that exists
        return False


@lru_cache(maxsize=2000)
def _compiled(pattern: str) -> Any:
    """For RE2, which takes time for the path's length only, whatever stars the pattern has."""
    parts = re.split(r"(\*\*|\*|\{[^/{}]*\})", pattern)
    return re2.compile(
        "".join(
            ".*" if part == "**" else "[^/]+" if part[:1] in ("*", "{") else re2.escape(part)
            for part in parts
        )
    )


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A validated token. ids are identity's 32 hexadecimal digits."""

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
    access_rules: tuple[AccessRule, ...] | None = None  # None: any request
    details: dict[str, Any] = {}  # identity's own: trust, application credential, ...

    def credentials(self) -> dict[str, Any]:
        """The names that policy rules may use (oslo.context's policy values)."""
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
            # upstream's identity rules look at the token itself
            "token": {
                "domain": {"id": self.domain_id} if self.domain_id else {},
                "project": ({"domain": {"id": self.project_domain_id}} if self.project_id else {}),
            },
            "service_roles": [],
            "service_user_id": None,
            "service_project_id": None,
        }


class Authenticator(Protocol):
    """Given by the identity service."""

    def authenticate(self, token: str) -> Identity:
        """Validate a token; raises Unauthorized."""
