"""Converters of single attributes: each gives the value to keep or raises Invalid."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Any

from stratolith.kernel.ids import is_uuid

Converter = Callable[[Any], Any]
_MAC = re.compile(r"^[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}$")
_HOST_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?$")


class Invalid(Exception):
    """A value cannot be used; the text is the reason."""


def text(most: int = 255) -> Converter:
    def convert(value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid(f"'{value}' is not a valid string.")
        if len(value) > most:
            raise Invalid(f"'{value[:80]}...' exceeds maximum length of {most}.")
        return value

    return convert


def no_blanks(value: Any) -> str:
    found = str(text()(value))
    if re.search(r"\s", found):
        raise Invalid(f"'{found}' contains whitespace.")
    return found


def nullable(convert: Converter) -> Converter:
    return lambda value: None if value is None else convert(value)


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int)):
        lowered = str(value).lower()
        if lowered in ("true", "1"):
            return True
        if lowered in ("false", "0"):
            return False
    raise Invalid(f"'{value}' cannot be converted to boolean.")


def integer(low: int | None = None, high: int | None = None) -> Converter:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise Invalid(f"'{value}' is not an integer.")
        try:
            found = int(value)
        except ValueError:
            raise Invalid(f"'{value}' is not an integer.") from None
        if low is not None and found < low:
            raise Invalid(f"'{found}' is too small - must be at least '{low}'.")
        if high is not None and found > high:
            raise Invalid(f"'{found}' is too large - must be no larger than '{high}'.")
        return found

    return convert


def uuid(value: Any) -> str:
    if not is_uuid(value) or len(value) != 36:
        raise Invalid(f"'{value}' is not a valid UUID.")
    return str(value).lower()


def one_of(*values: Any) -> Converter:
    def convert(value: Any) -> Any:
        if value not in values or isinstance(value, bool):
            raise Invalid(f"'{value}' is not in {list(values)}.")
        return value

    return convert


def ip_address(value: Any) -> str:
    try:
        if not isinstance(value, str) or "%" in value:
            raise ValueError
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise Invalid(f"'{value}' is not a valid IP address.") from None


def cidr(value: Any) -> str:
    """A CIDR in its normal spelling; host bits are dropped, as the API does for subnets."""
    try:
        if not isinstance(value, str) or "/" not in value:
            raise ValueError
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise Invalid(f"'{value}' is not a valid IP subnet.") from None


def ip_or_cidr(value: Any) -> str:
    try:
        return ip_address(value)
    except Invalid:
        pass
    try:
        if not isinstance(value, str) or "/" not in value:
            raise ValueError
        return str(ipaddress.ip_interface(value))
    except ValueError:
        raise Invalid(f"'{value}' is not a valid IP address or subnet.") from None


def remote_prefix(value: Any) -> str:
    """An address or CIDR of a security group rule, kept as a CIDR; host bits stay."""
    found = ip_or_cidr(value)
    if "/" in found:
        return found
    return f"{found}/{32 if '.' in found else 128}"


def mac(value: Any) -> str:
    if not isinstance(value, str) or not _MAC.match(value):
        raise Invalid(f"'{value}' is not a valid MAC address.")
    found = value.lower().replace("-", ":")
    if found == "00:00:00:00:00:00" or int(found[:2], 16) & 1:
        raise Invalid(f"'{value}' is not a valid MAC address.")
    return found


def list_of(convert: Converter, *, unique: bool = True) -> Converter:
    """A list, null counting as empty."""

    def build(value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise Invalid(f"'{value}' is not a list.")
        found = [convert(one) for one in value]
        if unique and any(one in found[:at] for at, one in enumerate(found)):
            raise Invalid(f"Duplicate items in the list: '{value}'.")
        return found

    return build


def mapping(required: Sequence[str] = (), **converters: Converter) -> Converter:
    """An object with these keys and no others."""

    def build(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Invalid(f"'{value}' is not a dictionary.")
        unknown = sorted(set(value) - set(converters))
        if unknown:
            raise Invalid(f"Unexpected keys supplied: {', '.join(unknown)}.")
        missing = [name for name in required if name not in value]
        if missing:
            raise Invalid(f"Expected keys not found: {', '.join(missing)}.")
        found = {}
        for name, one in value.items():
            try:
                found[name] = converters[name](one)
            except Invalid as error:
                raise Invalid(f"{name}: {error}") from None
        return found

    return build


def any_mapping(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(f"'{value}' is not a dictionary.")
    return value


def name_server(value: Any) -> str:
    return ip_address(value)


def tag(value: Any) -> str:
    found = str(text(255)(value))
    if not found or "," in found or "/" in found:
        raise Invalid(f"'{value}' is not a valid tag.")
    return found


FIXED_IPS = list_of(mapping(subnet_id=uuid, ip_address=ip_address))
ROUTES = list_of(mapping(("destination", "nexthop"), destination=cidr, nexthop=ip_address))
POOLS = list_of(mapping(("start", "end"), start=ip_address, end=ip_address))
