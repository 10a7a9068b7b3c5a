"""How often helpers of the agent (dnsmasq, the metadata proxy) were restarted."""

from __future__ import annotations

import contextlib
import http.client
import re

from stratolith.kernel.config import ApiSection, Settings

_SECONDS = 2.0
_LINE = re.compile(r'stratolith_helper_restarts_total\{helper="(\w{1,40})"\} ([0-9.e+]{1,30})$')


def of_helpers(settings: Settings) -> dict[str, int]:
    """Helper -> restarts since the agent started, from its metrics; empty without an agent."""
    if settings.fake:
        return {}
    port = settings.of(ApiSection).port + 1
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return {}
    matches = (_LINE.match(line) for line in text.splitlines())
    return {match[1]: int(float(match[2])) for match in matches if match}
