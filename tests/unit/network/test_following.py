"""A joined host that changes to the driver of its cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratolith.network.agent import NetworkRoom
from stratolith.network.drivers.base import HostNetworkView, NetworkDriver, NetworkDriverError
from stratolith.network.drivers.fake import FakeNetworkDriver
from stratolith.network.drivers.ovn import daemons


class Linux(FakeNetworkDriver):
    name = "linux"


class Ovn(FakeNetworkDriver):
    name = "ovn"


def view(driver: str) -> HostNetworkView:
    return HostNetworkView(host="h", generation=1, driver=driver)


def room() -> tuple[NetworkRoom, list[str]]:
    made, taken = NetworkRoom(Linux()), list[str]()

    def take_over(name: str) -> NetworkDriver:
        taken.append(name)
        return Ovn() if name == "ovn" else Linux()

    made.take_over = take_over
    made.start()
    return made, taken


def test_a_host_changes_its_driver_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "PROGRAMS", {})
    made, taken = room()
    made._follow(view("linux"))
    made._follow(view(""))  # of a server before this setting
    assert taken == []
    made._follow(view("ovn"))
    made._follow(view("ovn"))
    assert taken == ["ovn"] and made.driver.name == made.driver_name == "ovn"
    made._follow(view("linux"))
    assert taken == ["ovn", "linux"] and made.driver_name == "linux"
    made.stop()


def test_a_host_without_the_programs_keeps_its_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(daemons, "PATHS", str(tmp_path))
    made, taken = room()
    with pytest.raises(NetworkDriverError, match="install the package openvswitch-switch"):
        made._follow(view("ovn"))
    assert taken == [] and made.driver_name == "linux"
    made.stop()


def test_a_host_with_a_setting_of_its_own_follows_nobody() -> None:
    made, taken = room()
    made.take_over = None
    made._follow(view("ovn"))
    assert made.driver_name == "linux" and taken == []
    made.stop()
