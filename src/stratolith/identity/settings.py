"""Settings of the identity service."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from stratolith.kernel.config import Doc, Section


class IdentitySettings(Section, kw_only=True, frozen=True):
    """Tokens, passwords and their protection."""

    list_limit: Annotated[
        int,
        Doc(
            description="Maximum rows of a list when the request has no limit; a shortened list is "
            "marked `truncated`. 0: no limit.",
            ge=0,
        ),
    ] = 0
    token_seconds: Annotated[int, Doc(description="How long a token is valid.", ge=60)] = 86400
    allow_expired_window: Annotated[
        int,
        Doc(
            description="How many seconds after its expiry a token can still be validated with "
            "`?allow_expired=1`; services need this for long operations.",
            ge=0,
        ),
    ] = 172800
    active_keys: Annotated[
        int,
        Doc(description="Number of token keys kept, including the staged key.", ge=2, le=100),
    ] = 3
    rotation_days: Annotated[
        int, Doc(description="Days between rotations of the token keys; 0: only by hand.", ge=0)
    ] = 7
    credential_rotation_days: Annotated[
        int,
        Doc(
            description="Days between rotations of the keys of stored credentials, which are then "
            "encrypted again; 0: never.",
            ge=0,
        ),
    ] = 90
    totp_previous_windows: Annotated[
        int,
        Doc(description="How many past windows of 30 s a one-time passcode is valid.", ge=0, le=10),
    ] = 1
    oauth1_request_token_seconds: Annotated[
        int,
        Doc(
            description="Seconds in which a request of OAuth 1.0a can be authorised; 0: no limit.",
            ge=0,
        ),
    ] = 28800
    oauth1_access_token_seconds: Annotated[
        int,
        Doc(
            description="Seconds for which an access token of OAuth 1.0a is valid; 0: no limit.",
            ge=0,
        ),
    ] = 86400
    # OWASP's Password Storage Cheat Sheet lists pairs of memory and passes of equal strength: 19
    # MiB and 2, 12 MiB and 3. The second fits CPU caches better.
    argon2_memory_kib: Annotated[
        int,
        Doc(
            description="Memory of one password hash, in KiB; below 19456 use at least 3 passes.",
            ge=12288,
        ),
    ] = 12288
    argon2_passes: Annotated[int, Doc(description="Passes of one password hash.", ge=2)] = 3
    max_password_length: Annotated[
        int, Doc(description="Longer passwords are refused.", ge=8, le=4096)
    ] = 128
    password_regex: Annotated[
        str, Doc(description="New passwords must match this regular expression; empty: no check.")
    ] = ""
    password_regex_description: Annotated[
        str, Doc(description="Error text for a password that does not match.")
    ] = ""
    password_expires_days: Annotated[
        int, Doc(description="Days after which a password expires; 0: never.", ge=0)
    ] = 0
    minimum_password_age: Annotated[
        int, Doc(description="Days before a user may change the password again.", ge=0)
    ] = 0
    unique_last_password_count: Annotated[
        int,
        Doc(
            description="A new password must differ from this many recent ones; 0 or 1: any.", ge=0
        ),
    ] = 0
    lockout_failure_attempts: Annotated[
        int, Doc(description="Number of wrong passwords that locks an account; 0: never.", ge=0)
    ] = 0
    lockout_duration: Annotated[
        int,
        Doc(description="Seconds for which an account stays locked; 0: until enabled again.", ge=0),
    ] = 1800
    disable_user_account_days_inactive: Annotated[
        int, Doc(description="Days without login after which a user is disabled; 0: never.", ge=0)
    ] = 0
    change_password_upon_first_use: Annotated[
        bool, Doc(description="A password set by an administrator must be changed at first use.")
    ] = False
    max_project_tree_depth: Annotated[
        int, Doc(description="Maximum depth of the project tree.", ge=1, le=50)
    ] = 5
    limit_model: Annotated[
        Literal["flat", "strict_two_level"],
        Doc(
            description="Relation between limits of projects and domains: flat: none; "
            "strict_two_level: a project's limit must not exceed that of its domain."
        ),
    ] = "flat"

    @property
    def longest_token_seconds(self) -> int:
        """How long after its issue a token can still be validated, including the grace period."""
        return self.token_seconds + self.allow_expired_window

    def __post_init__(self) -> None:
        try:
            re.compile(self.password_regex)
        except re.error as error:
            raise ValueError(f"password_regex: no regular expression: {error}") from None
        if self.argon2_memory_kib < 19456 and self.argon2_passes < 3:
            raise ValueError("argon2_passes must be 3 or more with less memory than 19456 KiB")
