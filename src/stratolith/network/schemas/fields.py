"""Converters of single attributes: each returns the value to store or raises Invalid."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

from stratolith.kernel import addresses
from stratolith.kernel.http.resource import Converter, Invalid
from stratolith.kernel.ids import is_uuid
from stratolith.network.exceptions.general import InvalidInput

_HOST_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?$")


def text(most: int = 255) -> Converter:
    def convert(value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid(f"'{value}' is not a valid string.")
        if len(value) > most:
            raise Invalid(f"'{value[:80]}...' exceeds maximum length of {most}.")
        return value

    return convert


def name(most: int | None = 255, *, blank: bool = True) -> Converter:
    """A resource's name: no blanks at its start and end; ``blank``: it may be empty."""

    def convert(value: Any) -> str:
        converted = str(text(most or len(value) if isinstance(value, str) else 0)(value))
        if converted.strip() != converted:
            raise Invalid(f"'{converted}' begins or ends with blanks.")
        if not (converted.isascii() and converted.isprintable()) and not all(
            map(_is_in_names, converted)
        ):
            raise Invalid(f"'{converted}' is not a valid string.")
        if not converted and not blank:
            raise Invalid("'' is empty; blank strings are not permitted.")
        return converted

    return convert


def _is_in_names(character: str) -> bool:
    """No control characters, no separators of lines and paragraphs."""
    kind = unicodedata.category(character)
    return kind == "Zs" or kind[0] not in "CZ"


def no_blanks(value: Any) -> str:
    converted = str(text()(value))
    if re.search(r"\s", converted):
        raise Invalid(f"'{converted}' contains whitespace.")
    return converted


def nullable(convert: Converter) -> Converter:
    return lambda value: None if value is None else convert(value)


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int)):
        lowered = str(value).strip().lower()
        if lowered in ("true", "1", "t", "on", "y", "yes"):
            return True
        if lowered in ("false", "0", "f", "off", "n", "no"):
            return False
    raise Invalid(f"'{value}' cannot be converted to boolean.")


def integer(low: int | None = None, high: int | None = None) -> Converter:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise Invalid(f"'{value}' is not an integer.")
        try:
            number = int(value)
        except ValueError:
            raise Invalid(f"'{value}' is not an integer.") from None
        if low is not None and number < low:
            raise Invalid(f"'{number}' is too small - must be at least '{low}'.")
        if high is not None and number > high:
            raise Invalid(f"'{number}' is too large - must be no larger than '{high}'.")
        return number

    return convert


def number(value: Any) -> int:
    """Any integer; others are refused as an operation's input, not as an attribute's value."""
    try:
        return int(integer()(value))
    except Invalid:
        raise InvalidInput(error_message=f"'{value}' is not an integer") from None


def uuid(value: Any) -> str:
    if not is_uuid(value):
        raise Invalid(f"'{value}' is not a valid UUID.")
    return str(value).lower()


def one_of(*values: Any) -> Converter:
    def convert(value: Any) -> Any:
        if value not in values or isinstance(value, bool):
            raise Invalid(f"'{value}' is not in {list(values)}.")
        return value

    return convert


def valid_value(values: Collection[str]) -> Converter:
    """One of these texts, refused in the words of most of Neutron's lists of values."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise Invalid(f"{value} is not in valid_values.")
        return value

    return convert


def ip_version(value: Any) -> int:
    """4 or 6, as number or text."""
    return int(one_of(4, 6)(integer()(value)))


def ip_address(value: Any) -> str:
    try:
        return str(addresses.address(value))
    except ValueError:
        raise Invalid(f"'{value}' is not a valid IP address.") from None


def cidr(value: Any) -> str:
    """A CIDR in normal form; host bits are cleared, as the API does for subnets."""
    try:
        return str(addresses.prefix(value).network)
    except ValueError:
        raise Invalid(f"'{value}' is not a valid IP subnet.") from None


def route_cidr(value: Any) -> str:
    """The destination of a route: no host bits, no loopback."""
    try:
        network = addresses.network(value)
    except ValueError:
        raise Invalid(f"'{value}' is not a valid CIDR.") from None
    if network.is_loopback:
        raise Invalid(f"'{value}' is not a routable CIDR.")
    return str(network)


def ip_or_network(value: Any) -> str:
    """An address, or a CIDR without host bits."""
    try:
        if isinstance(value, str) and "/" in value:
            return str(addresses.network(value))
        return str(addresses.address(value))
    except ValueError:
        raise Invalid(
            f"'{value}' is not a valid IP address or subnet: the address of a subnet has no bits "
            "beyond its prefix."
        ) from None


def remote_prefix(value: Any) -> str:
    """An address or CIDR of a security group rule, stored as a CIDR with its host bits."""
    try:
        if isinstance(value, str) and "/" in value:
            return str(addresses.prefix(value))
        address = addresses.address(value)
    except ValueError:
        raise Invalid(f"'{value}' is not a valid IP address or subnet.") from None
    return f"{address}/{address.max_prefixlen}"


def mac(value: Any) -> str:
    """An address in any usual notation, returned as ``fa:16:3e:00:00:01``.

    The zero and the broadcast address are refused; any other first byte is allowed.
    """
    digits = _mac_digits(value) if isinstance(value, str) else ""
    if digits in ("", "0" * 12, "f" * 12):
        raise Invalid(f"'{value}' is not a valid MAC address.")
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def _mac_digits(text: str) -> str:
    """The twelve hexadecimal digits; "" for other texts."""
    for sign, parts, width in ((":", 6, 2), ("-", 6, 2), (".", 3, 4), ("", 1, 12)):
        groups = text.split(sign) if sign else [text]
        if len(groups) == parts and all(0 < len(part) <= width for part in groups):
            digits = "".join(part.zfill(width) for part in groups) if sign else text
            if len(digits) == 12 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
                return digits.lower()
    return ""


def list_of(convert: Converter, *, unique: bool = True) -> Converter:
    """A list; null means an empty list."""

    def build(value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise Invalid(f"'{value}' is not a list.")
        items = [convert(item) for item in value]
        if unique and any(item in items[:index] for index, item in enumerate(items)):
            raise Invalid(f"Duplicate items in the list: '{value}'.")
        return items

    return build


def mapping(required: Sequence[str] = (), **converters: Converter) -> Converter:
    """An object that has no other keys than these."""

    def build(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Invalid(f"'{value}' is not a dictionary.")
        unknown = sorted(set(value) - set(converters))
        if unknown:
            raise Invalid(f"Unexpected keys supplied: {', '.join(unknown)}.")
        missing = [name for name in required if name not in value]
        if missing:
            raise Invalid(f"Expected keys not found: {', '.join(missing)}.")
        return {name: converters[name](item) for name, item in value.items()}

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
    label = str(text(255)(value))
    if not label or "," in label or "/" in label:
        raise Invalid(f"'{value}' is not a valid tag.")
    return label


def _fixed_ips(value: Any) -> list[dict[str, str]]:
    """Several addresses of one subnet may be requested, but no address twice."""
    if not isinstance(value, list):
        raise Invalid(f"Invalid data format for fixed IP: '{value}'.")
    fixed_ips: list[dict[str, str]] = list_of(_FIXED_IP, unique=False)(value)
    wanted = [fixed_ip["ip_address"] for fixed_ip in fixed_ips if "ip_address" in fixed_ip]
    for address in wanted:
        if wanted.count(address) > 1:
            raise Invalid(f"Duplicate IP address '{address}'.")
    return fixed_ips


_FIXED_IP = mapping(subnet_id=uuid, ip_address=ip_address)
FIXED_IPS: Converter = _fixed_ips
ROUTES = list_of(mapping(("destination", "nexthop"), destination=route_cidr, nexthop=ip_address))
# overlapping and repeated pools are refused later, by the rules of subnets
POOLS = list_of(mapping(("start", "end"), start=ip_address, end=ip_address), unique=False)
