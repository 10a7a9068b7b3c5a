"""Which driver made the networks of a host, for one that takes over."""

from __future__ import annotations

from pathlib import Path

from stratolith.kernel import config
from stratolith.network.drivers import choice
from stratolith.network.settings import NetworkSettings


def settings(place: Path, **sections: dict[str, object]) -> config.Settings:
    cloud = {"state_dir": str(place), "run_dir": str(place / "run")}
    return config.load({"network": NetworkSettings}, overrides={"cloud": cloud, **sections})


def test_former_driver_is_read_from_its_record(tmp_path: Path) -> None:
    folder = tmp_path / "network"
    folder.mkdir()
    assert choice.former_name(settings(tmp_path)) == ""
    (folder / "ledger.json").touch()
    assert choice.former_name(settings(tmp_path)) == "linux"
    (folder / "driver").write_text("ovn")
    assert choice.former_name(settings(tmp_path)) == "ovn"
    (folder / "driver").write_text("junk")
    assert choice.former_name(settings(tmp_path)) == ""


def test_a_joined_host_follows_its_cloud_unless_it_has_a_setting(tmp_path: Path) -> None:
    joined = {"server": "192.0.2.1:8702"}
    assert choice.follows(settings(tmp_path, hosts=joined))
    assert not choice.follows(settings(tmp_path))
    assert not choice.follows(settings(tmp_path, hosts=joined, network={"driver": "linux"}))
    host = settings(tmp_path, hosts=joined)
    assert choice.take_over(host, "h").name == "linux"
    assert choice.take_over(host, "h", "ovn").name == "ovn"
    # without a word of its server it goes on with what it has
    assert choice.take_over(host, "h").name == "ovn"
