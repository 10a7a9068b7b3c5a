"""The options of a domain's configuration, their types and defaults.

Names and defaults are those of Keystone's sections ``identity`` and ``ldap``. The configuration is
stored but has no effect: all users are in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Option:
    """kind: text, whole, number, flag or list; choices: the allowed texts, empty for any text."""

    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()
    sensitive: bool = False

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, None if it is valid. Numbers and flags may be strings."""
        if value is None:
            return None
        if not _CHECKS[self.kind](value):
            return f"must be {_WORDS[self.kind]}"
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}"
        return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return digits.isascii() and digits.isdigit()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (
        isinstance(value, str) and value.lower() in ("true", "false", "yes", "no", "0", "1")
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


_CHECKS = {
    "text": _is_text,
    "whole": _is_whole,
    "number": _is_number,
    "flag": _is_flag,
    "list": _is_list,
}
_WORDS = {
    "text": "a string",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "list": "a list of strings",
}


def _text(default: str | None = None, *choices: str) -> Option:
    return Option("text", default, choices)


def _whole(default: int | None = None) -> Option:
    return Option("whole", default)


def _flag(default: bool | None = None) -> Option:
    return Option("flag", default)


def _list(*default: str) -> Option:
    return Option("list", list(default))


OPTIONS: dict[str, dict[str, Option]] = {
    "identity": {"driver": _text("sql"), "list_limit": _whole()},
    "ldap": {
        "url": _text("ldap://localhost"),
        "user": _text(),
        "password": Option("text", sensitive=True),
        "suffix": _text("cn=example,cn=com"),
        "query_scope": _text("one", "one", "sub"),
        "page_size": _whole(0),
        "alias_dereferencing": _text(
            "default", "never", "searching", "always", "finding", "default"
        ),
        "debug_level": _whole(),
        "chase_referrals": _flag(),
        "user_tree_dn": _text(),
        "user_filter": _text(),
        "user_objectclass": _text("inetOrgPerson"),
        "user_id_attribute": _text("cn"),
        "user_name_attribute": _text("sn"),
        "user_mail_attribute": _text("mail"),
        "user_description_attribute": _text("description"),
        "user_pass_attribute": _text("userPassword"),
        "user_enabled_attribute": _text("enabled"),
        "user_enabled_invert": _flag(False),
        "user_enabled_mask": _whole(0),
        "user_enabled_default": _text("True"),
        "user_attribute_ignore": _list("default_project_id"),
        "user_default_project_id_attribute": _text(),
        "user_enabled_emulation": _flag(False),
        "user_enabled_emulation_dn": _text(),
        "user_enabled_emulation_use_group_config": _flag(False),
        "user_additional_attribute_mapping": _list(),
        "group_tree_dn": _text(),
        "group_filter": _text(),
        "group_objectclass": _text("groupOfNames"),
        "group_id_attribute": _text("cn"),
        "group_name_attribute": _text("ou"),
        "group_members_are_ids": _flag(False),
        "group_member_attribute": _text("member"),
        "group_desc_attribute": _text("description"),
        "group_attribute_ignore": _list(),
        "group_additional_attribute_mapping": _list(),
        "tls_cacertfile": _text(),
        "tls_cacertdir": _text(),
        "use_tls": _flag(False),
        "tls_req_cert": _text("demand", "demand", "never", "allow"),
        "use_pool": _flag(True),
        "pool_size": _whole(10),
        "pool_retry_max": _whole(3),
        "pool_retry_delay": Option("number", 0.1),
        "pool_connection_timeout": _whole(-1),
        "pool_connection_lifetime": _whole(600),
        "use_auth_pool": _flag(True),
        "auth_pool_size": _whole(100),
        "auth_pool_connection_lifetime": _whole(60),
    },
}
