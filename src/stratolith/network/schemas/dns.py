"""Converters of DNS names and domains; each returns the name in lower case."""

from __future__ import annotations

import re
from typing import Any

from stratolith.kernel.http.resource import Invalid
from stratolith.network.exceptions.general import InvalidInput

MAX_LENGTH = 255
# of a domain: stands for a value of the request that a domain is published for
KEYWORDS = ("<project_id>", "<project_name>", "<user_name>", "<user_id>")
_LABEL = re.compile(r"[a-z0-9-]{1,63}\Z")


def host_name(value: Any) -> str:
    """The name of a port: relative to the cloud's domain, or with a dot at its end in it."""
    name = _lower(value)
    _check(name, ())
    return name


def relative_name(value: Any) -> str:
    """The name of a floating IP, below a domain that is given beside it."""
    name = _lower(value)
    if name.endswith("."):
        raise Invalid(f"'{name}' is a FQDN. It should be a relative domain name.")
    _check(name, ())
    if len(name) > MAX_LENGTH - 3:
        raise Invalid(f"'{name}' contains {len(name)} characters, too many to add a domain.")
    return name


def domain(value: Any) -> str:
    """A domain, with a dot at its end; its labels may be keywords."""
    name = _lower(value)
    if name and not name.endswith("."):
        raise Invalid(f"'{name}' is not a FQDN.")
    _check(name, KEYWORDS)
    if len(name) > MAX_LENGTH - 2:
        raise Invalid(f"'{name}' contains {len(name)} characters, too many to add a name.")
    return name


def _lower(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput(error_message=f"Input value {value} must be string type")
    return value.lower()


def _check(name: str, keywords: tuple[str, ...]) -> None:
    reason = _fault(name.removesuffix("."), keywords) if name else ""
    if reason:
        raise Invalid(f"'{name}' not a valid PQDN or FQDN. Reason: {reason}.")


def _fault(name: str, keywords: tuple[str, ...]) -> str:
    """What is wrong with a name, "" for nothing."""
    if len(name) > MAX_LENGTH:
        return f"'{name}' exceeds the {MAX_LENGTH} character FQDN limit"
    labels = name.split(".")
    for label in labels:
        if not label:
            return "Encountered an empty component"
        if label.startswith("-") or label.endswith("-"):
            return f"Name '{label}' must not start or end with a hyphen"
        if not _LABEL.match(label) and label not in keywords:
            return (
                f"Name '{label}' must be 1-63 characters long, each of which can only be "
                "alphanumeric or a hyphen"
            )
    if len(labels) > 1 and labels[-1].isdigit():
        return f"TLD '{labels[-1]}' must not be all numeric"
    return ""
