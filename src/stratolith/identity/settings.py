"""Settings of the identity service."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from stratolith.kernel.config import Doc, Section


class IdentitySettings(Section, kw_only=True, frozen=True):
    """Tokens, passwords and what protects them."""

    list_limit: Annotated[
        int,
        Doc(
            description="Most rows of a list that is asked for without a limit; one that is cut "
            "says `truncated`. 0: no limit.",
            ge=0,
        ),
    ] = 0
    token_seconds: Annotated[int, Doc(description="How long a token is valid.", ge=60)] = 86400
    allow_expired_window: Annotated[
        int,
        Doc(
            description="So many seconds after its end a token still validates with "
            "`?allow_expired=1`, as services ask for operations that last long.",
            ge=0,
        ),
    ] = 172800
    active_keys: Annotated[
        int,
        Doc(description="Token keys kept by a rotation, the staged one included.", ge=2, le=100),
    ] = 3
    rotation_days: Annotated[
        int, Doc(description="Token keys are rotated after so many days; 0: only by hand.", ge=0)
    ] = 7
    credential_rotation_days: Annotated[
        int,
        Doc(
            description="The keys of stored credentials are rotated, and the credentials sealed "
            "again, after so many days; 0: never.",
            ge=0,
        ),
    ] = 90
    totp_previous_windows: Annotated[
        int,
        Doc(description="One-time passcodes of so many windows of 30 s ago count.", ge=0, le=10),
    ] = 1
    oauth1_request_token_seconds: Annotated[
        int, Doc(description="How long a request of OAuth 1.0a may be authorised; 0: ever.", ge=0)
    ] = 28800
    oauth1_access_token_seconds: Annotated[
        int, Doc(description="How long an access token of OAuth 1.0a counts; 0: ever.", ge=0)
    ] = 86400
    # OWASP's Password Storage Cheat Sheet names pairs of memory and passes that are equally strong:
    # 19 MiB and 2, 12 MiB and 3. The second fits processors' caches better.
    argon2_memory_kib: Annotated[
        int,
        Doc(
            description="Memory of one password hash, in KiB; with less than 19456 take 3 passes.",
            ge=12288,
        ),
    ] = 12288
    argon2_passes: Annotated[int, Doc(description="Passes of one password hash.", ge=2)] = 3
    max_password_length: Annotated[
        int, Doc(description="Longer passwords are refused.", ge=8, le=4096)
    ] = 128
    password_regex: Annotated[
        str, Doc(description="A new password must match this expression; empty: any will do.")
    ] = ""
    password_regex_description: Annotated[
        str, Doc(description="What to tell the user whose password does not match.")
    ] = ""
    password_expires_days: Annotated[
        int, Doc(description="A password must be changed after so many days; 0: never.", ge=0)
    ] = 0
    minimum_password_age: Annotated[
        int, Doc(description="Days before a user may change the password again.", ge=0)
    ] = 0
    unique_last_password_count: Annotated[
        int,
        Doc(description="A new password must differ from so many latest ones; 0 or 1: any.", ge=0),
    ] = 0
    lockout_failure_attempts: Annotated[
        int, Doc(description="Wrong passwords that lock an account; 0: never.", ge=0)
    ] = 0
    lockout_duration: Annotated[
        int, Doc(description="Seconds an account stays locked; 0: until enabled again.", ge=0)
    ] = 1800
    disable_user_account_days_inactive: Annotated[
        int, Doc(description="Users who did not log in for so many days are disabled; 0: no.", ge=0)
    ] = 0
    change_password_upon_first_use: Annotated[
        bool, Doc(description="A password set by an administrator must be changed at first use.")
    ] = False
    max_project_tree_depth: Annotated[
        int, Doc(description="Levels of projects below one another.", ge=1, le=50)
    ] = 5
    limit_model: Annotated[
        Literal["flat", "strict_two_level"],
        Doc(
            description="How limits of projects and domains relate: flat: not at all; "
            "strict_two_level: a project's limit never exceeds that of its domain."
        ),
    ] = "flat"

    @property
    def longest_token_seconds(self) -> int:
        """How long after it was issued anybody may be told about a token."""
        return self.token_seconds + self.allow_expired_window

    def __post_init__(self) -> None:
        try:
            re.compile(self.password_regex)
        except re.error as error:
            raise ValueError(f"password_regex: no regular expression: {error}") from None
        if self.argon2_memory_kib < 19456 and self.argon2_passes < 3:
            raise ValueError("argon2_passes must be 3 or more with less memory than 19456 KiB")
