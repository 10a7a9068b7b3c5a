"""IP protocols by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.http.resource import Converter, Invalid
from stratolith.network.drivers.checks import PROTOCOLS
from stratolith.network.exceptions.general import InvalidInput


def protocol_of(names: Sequence[str]) -> Converter:
    """One of these names; raises InvalidInput for what is no protocol at all."""

    def convert(value: Any) -> str:
        if not isinstance(value, str):
            raise InvalidInput(error_message=f"Input value {value} must be string type")
        protocol = value.lower()
        if protocol in names:
            return protocol
        if protocol in PROTOCOLS or (protocol.isdecimal() and int(protocol[:4]) <= 255):
            raise Invalid(f"{protocol} is not in valid_values.")
        raise InvalidInput(
            error_message=f"IP protocol '{value}' is not supported. Only protocol names and their "
            "integer representation (0 to 255) are supported"
        )

    return convert
