"""Microversions: a history of changes, and the negotiation of one for a request.

Source: the API working group's microversion specification.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stratolith.kernel.exceptions import BadRequest, NotAcceptable

_VERSION = re.compile(r"^([1-9]\d*)\.([1-9]\d*|0)$")
HEADER = "OpenStack-API-Version"


class Version(NamedTuple):
    """2.79 is newer than 2.8; compares as a pair of numbers."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> Version:
        """Raises ValueError."""
        match = _VERSION.match(text)
        if not match:
            raise ValueError(text)
        return cls(int(match[1]), int(match[2]))


class InvalidVersion(BadRequest):
    message = (
        "API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum."
    )


class VersionNotAcceptable(NotAcceptable):
    message = (
        "Version {version} is not supported by the API. Minimum is {minimum} and maximum is "
        "{maximum}."
    )


@dataclass(frozen=True)
class Microversions:
    """The versions of a service; ``history`` lists (version, reason), oldest first."""

    service_type: str
    history: Sequence[tuple[str, str]]
    legacy_header: str | None = None

    @property
    def minimum(self) -> Version:
        return Version.parse(self.history[0][0])

    @property
    def maximum(self) -> Version:
        return Version.parse(self.history[-1][0])

    def negotiate(self, headers: Mapping[str, str]) -> Version:
        """The version that a request asks for; raises InvalidVersion or VersionNotAcceptable."""
        text = self._asked(headers)
        if text is None:
            return self.minimum
        if text == "latest":
            return self.maximum
        try:
            version = Version.parse(text)
        except ValueError:
            raise InvalidVersion(version=text) from None
        if not self.minimum <= version <= self.maximum:
            refused = VersionNotAcceptable(
                version=text,
                minimum=self.minimum,
                maximum=self.maximum,
                extra={
                    "min_version": str(self.minimum),
                    "max_version": str(self.maximum),
                },
            )
            refused.headers.update(self.headers(version))
            raise refused
        return version

    def _asked(self, headers: Mapping[str, str]) -> str | None:
        """The last version given for this service, as upstream."""
        version = None
        for part in headers.get(HEADER.lower(), "").split(","):
            words = part.split()
            if len(words) == 2 and words[0].lower() == self.service_type:
                version = words[1]
        if version is None and self.legacy_header:
            legacy = headers.get(self.legacy_header.lower())
            version = None if legacy is None else legacy.strip()
        return version

    def headers(self, version: Version) -> dict[str, str]:
        """The headers of every answer."""
        fields = {HEADER: f"{self.service_type} {version}", "Vary": HEADER}
        if self.legacy_header:
            fields[self.legacy_header] = str(version)
            fields["Vary"] = f"{HEADER}, {self.legacy_header}"
        return fields
