"""Find the ports whose rules nft refuses, when it refuses the tables of all ports.

nft loads tables whole, so one refused rule would keep the rules of every port of the host from
being loaded. Known errors are found before (``checks``); this is for unexpected errors, and for
a version of nft that supports less than ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Complaint = Callable[[frozenset[str]], str | None]


def find(ports: Sequence[str], complaint: Complaint) -> dict[str, str]:
    """Port id -> reason; without these ports nft accepts the tables.

    ``complaint`` returns nft's error for the tables without the given ports, None when nft accepts
    them. The result is empty when the error is in none of the ports.
    """
    all_ports = frozenset(ports)
    if complaint(all_ports) is not None:
        return {}
    return _among(list(ports), all_ports, complaint)


def _among(port_ids: list[str], all_ports: frozenset[str], complaint: Complaint) -> dict[str, str]:
    reason = complaint(all_ports - frozenset(port_ids))
    if reason is None:
        return {}
    if len(port_ids) == 1:
        return {port_ids[0]: reason}
    middle = len(port_ids) // 2
    first, second = port_ids[:middle], port_ids[middle:]
    reasons = _among(first, all_ports, complaint) | _among(second, all_ports, complaint)
    remaining = all_ports - frozenset(port_ids) | frozenset(reasons)
    if complaint(remaining) is not None:
        # each half alone is accepted, but not both together: leave out the second one
        reasons |= dict.fromkeys(second, reason)
    return reasons
