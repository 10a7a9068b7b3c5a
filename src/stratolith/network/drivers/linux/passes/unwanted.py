"""Objects of ours that the plan does not have."""

from __future__ import annotations

from stratolith.network.drivers.linux.passes import devices, processes, spaces
from stratolith.network.drivers.linux.passes.work import Work


def remove(work: Work) -> None:
    devices.remove_unwanted(work)
    processes.stop_unwanted(work)
    spaces.remove_unwanted(work)
