"""`down`: stop the cloud's processes; guests and networks go on unless told otherwise."""

from __future__ import annotations

from stratolith.deploy import host, running
from stratolith.deploy.layout import Layout
from stratolith.deploy.steps import Report

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
    for guest in host.running_guests(settings):
        with report.ticking(f"Shutting down guest {guest.id}"):
            driver.stop(guest.id, graceful_seconds=GRACE_SECONDS)
        report.say(f"Guest {guest.id} is shut down")
