"""Settings of the host, which it gets back when they are not needed any more."""

from __future__ import annotations

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux.host_kernel import sysctl
from stratolith.network.drivers.linux.ipv6 import settings as settings6
from stratolith.network.drivers.linux.passes.work import Work


def settle(work: Work) -> None:
    """Bring the settings to the plan; the former values are kept in the ledger."""
    wanted, changed = dict(work.plan.sysctls), work.ledger.entries.sysctls
    if settings6.FORWARDING in wanted:
        ours = [link.name for link in work.links.ours()]
        followers = [key for key in changed if key.endswith("/accept_ra")]
        followers += settings6.uplinks(ours)
        wanted = {**dict.fromkeys(followers, "2"), **wanted}
    for key, value in wanted.items():
        with work.noted(key):
            before = sysctl.read(key)
            if before is None and key in changed:
                del changed[key]  # of a device that has ended
                continue
            if before is None:
                raise NetworkDriverError(f"this kernel has no setting {key}")
            if before != value:
                changed.setdefault(key, before)
                work.record()
                sysctl.write(key, value)
    # forwarding ends before devices follow advertisements in the host's usual way
    for key in sorted(changed.keys() - wanted.keys(), reverse=True):
        with work.noted(key):
            sysctl.write(key, changed.pop(key))
