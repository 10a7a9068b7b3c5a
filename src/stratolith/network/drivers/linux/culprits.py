"""Finding out which ports nft means when it refuses the tables of all of them.

Tables are loaded whole, so one rule that nft does not take would keep the rules of every port
of the host from being loaded. What is known to be wrong never gets here (``checks``); this is
for what nobody thought of, and for an nft that knows less than ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Complaint = Callable[[frozenset[str]], str | None]


def find(ports: Sequence[str], complaint: Complaint) -> dict[str, str]:
    """Port id -> why it is refused; without these ports the rest is taken.

    ``complaint`` tells what is wrong with the tables when these ports are left out of them,
    None when nothing is. The result is empty when the fault lies in none of the ports.
    """
    everybody = frozenset(ports)
    if complaint(everybody) is not None:
        return {}
    return _among(list(ports), everybody, complaint)


def _among(some: list[str], everybody: frozenset[str], complaint: Complaint) -> dict[str, str]:
    reason = complaint(everybody - frozenset(some))
    if reason is None:
        return {}
    if len(some) == 1:
        return {some[0]: reason}
    middle = len(some) // 2
    first, second = some[:middle], some[middle:]
    found = _among(first, everybody, complaint) | _among(second, everybody, complaint)
    left = everybody - frozenset(some) | frozenset(found)
    if complaint(left) is not None:
        # each half is taken alone: they collide, and one side has to give way
        found |= dict.fromkeys(second, reason)
    return found
