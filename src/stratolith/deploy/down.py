"""`down`: stop the cloud's processes; guests and networks continue unless --guests is given."""

from __future__ import annotations

import json

from stratolith.deploy import files, host
from stratolith.deploy.layout import Layout
from stratolith.deploy.steps import Report
from stratolith.deploy.supervision import running

GRACE_SECONDS = 30.0  # for a guest to shut down by itself


def down(layout: Layout, report: Report, *, guests: bool) -> None:
    """Stop supervisor, agent and server, then the guests when asked; raises DeployError."""
    with report.ticking("Stopping the processes"):
        stopped = running.stop(layout)
    report.say(f"Stopped: {', '.join(stopped)}" if stopped else "Nothing was running.")
    settings = layout.settings()
    if settings.fake:
        return
    if guests:
        _stop_guests(layout, report)
    else:
        count = len(host.running_guests(settings))
        if count:
            report.say(f"Guests go on running: {count}; `stratolith down --guests` stops them.")


def _stop_guests(layout: Layout, report: Report) -> None:
    settings = layout.settings()
    driver = host.hypervisor(settings)
    guests = host.running_guests(settings)
    known = json.loads(layout.stopped_guests.read_text()) if layout.stopped_guests.exists() else []
    # Written before the first guest is stopped: if `down` is killed, `up` knows what ran.
    ids = sorted({*known, *(guest.id for guest in guests)})
    if ids:
        files.write(layout.stopped_guests, json.dumps(ids), mode=0o600)
    for guest in guests:
        with report.ticking(f"Shutting down guest {guest.id}"):
            driver.stop(guest.id, graceful_seconds=GRACE_SECONDS)
        report.say(f"Guest {guest.id} is shut down; `stratolith up` starts it again")
