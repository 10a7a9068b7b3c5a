"""Plug-ins of installed packages: found, loaded, and refused in a sentence that names them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith import agent, roster, services
from stratolith.compute.drivers import choice as hypervisors
from stratolith.compute.scheduler import place
from stratolith.compute.scheduler.filters import Candidate, Request
from stratolith.compute.settings import ComputeSettings
from stratolith.deploy.layout import locate
from stratolith.deploy.supervision import running
from stratolith.kernel import config, plugins
from stratolith.kernel.config import ConfigError, Settings
from stratolith.kernel.plugins import PluginError
from stratolith.network.drivers import choice as networks
from stratolith.network.settings import NetworkSettings
from tests.plugins import install_broken

BROKEN = r"The plug-in '{}' \({}\) of the package broken-one 0\.3 "
PLATE = """
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.service import Service
PLATE = Service(
    type="{type}", name="n", port={port}, mount="{mount}", prefix="", errors=ErrorDialect.PLAIN,
    routes=[],
)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of installed packages, empty yet."""
    found = tmp_path / "site"
    found.mkdir()
    monkeypatch.syspath_prepend(str(found))
    monkeypatch.delitem(__import__("sys").modules, "broken_one", raising=False)
    plugins.forget()
    yield found
    plugins.forget()


def settings(tmp_path: Path, **sections: dict[str, object]) -> Settings:
    place_of = {"state_dir": str(tmp_path), "run_dir": str(tmp_path / "run"), "fake": True}
    kinds = {"compute": ComputeSettings, "network": NetworkSettings}
    return config.load(kinds, None, {}, {"cloud": place_of, **sections})


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_a_module_that_is_not_there(site: Path, group: str) -> None:
    install_broken(site, group, "odd", "broken_one:thing")
    sentence = BROKEN.format("odd", group) + "cannot be loaded: ModuleNotFoundError: .*broken_one"
    with pytest.raises(PluginError, match=sentence):
        plugins.load(group, "odd")


def test_an_error_of_several_lines_is_told_on_one(site: Path) -> None:
    module = 'raise ValueError("one\\ntwo")'
    install_broken(site, plugins.FILTERS, "odd", "broken_one:thing", module)
    with pytest.raises(PluginError, match=r"cannot be loaded: ValueError: one two$"):
        place.require_plugins()


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_a_value_that_names_no_object(site: Path, group: str) -> None:
    install_broken(site, group, "odd", "broken_one::!")
    sentence = BROKEN.format("odd", group) + "cannot be used: 'broken_one::!' is no MODULE:NAME"
    with pytest.raises(PluginError, match=sentence):
        plugins.names(group)
    if group == plugins.SERVICES:
        with pytest.raises(PluginError, match=sentence):
            roster.packages()


def test_a_plugin_that_exits(site: Path) -> None:
    install_broken(site, plugins.FILTERS, "odd", "broken_one:thing", "raise SystemExit('bye')")
    with pytest.raises(PluginError, match=r"cannot be loaded: SystemExit: bye$"):
        place.require_plugins()


def test_a_function_that_exits(site: Path) -> None:
    module = "def make(settings, host): raise SystemExit('bye')"
    install_broken(site, plugins.HYPERVISORS, "odd", "broken_one:make", module)
    with pytest.raises(PluginError, match=r"failed: SystemExit: bye$"):
        plugins.call(plugins.HYPERVISORS, "odd", None, "here")


def test_a_package_of_a_service_that_exits(site: Path) -> None:
    (site / "broken_one").mkdir()
    (site / "broken_one" / "__init__.py").write_text("raise SystemExit('bye')")
    install_broken(site, plugins.SERVICES, "odd", "broken_one.service:PLATE")
    with pytest.raises(PluginError, match=r"cannot be loaded: SystemExit: bye$"):
        list(roster.rooms("settings"))


@pytest.mark.parametrize("group", [plugins.FILTERS, plugins.WEIGHERS])
def test_what_is_no_function(site: Path, group: str) -> None:
    install_broken(site, group, "odd", "broken_one:thing", "thing = 1")
    sentence = BROKEN.format("odd", group) + "cannot be used: it is not a function"
    with pytest.raises(PluginError, match=sentence):
        place.require_plugins()


@pytest.mark.parametrize("group", list(plugins.PARAMETERS))
def test_a_function_with_other_parameters(site: Path, group: str) -> None:
    install_broken(site, group, "odd", "broken_one:thing", "def thing(a): return None")
    sentence = (
        BROKEN.format("odd", group) + r"cannot be used: it cannot be called with \(\w+, \w+\)"
    )
    with pytest.raises(PluginError, match=sentence):
        plugins.function(group, "odd")


def test_a_class_of_the_right_parameters_is_a_function(site: Path) -> None:
    module = "class thing:\n    def __init__(self, settings, host): pass"
    install_broken(site, plugins.HYPERVISORS, "odd", "broken_one:thing", module)
    assert callable(plugins.function(plugins.HYPERVISORS, "odd"))


@pytest.mark.parametrize(
    ("group", "body", "reason"),
    [
        (plugins.FILTERS, "return True", "it returned True instead of None or a text"),
        (plugins.FILTERS, "return 1 / 0", "failed: ZeroDivisionError"),
        (plugins.WEIGHERS, "return None", "it returned None instead of a number"),
        (plugins.WEIGHERS, "return float('nan')", "it returned nan instead of a number"),
        (plugins.WEIGHERS, "return 1 / 0", "failed: ZeroDivisionError"),
    ],
)
def test_an_error_while_a_host_is_chosen(site: Path, group: str, body: str, reason: str) -> None:
    install_broken(site, group, "odd", "broken_one:thing", f"def thing(c, r): {body}")
    strategy = "odd" if group == plugins.WEIGHERS else "spread"
    host = Candidate("here", "1", "nova", up=True, disabled_reason=None)
    [refusal] = place.place([host], Request({}), 1, strategy)
    assert isinstance(refusal, place.Refusal)
    assert refusal.message == "No valid host was found. The scheduler failed."
    assert "broken-one 0.3" in refusal.details
    assert reason in refusal.details


@pytest.mark.parametrize(
    ("group", "name"), [(plugins.FILTERS, "ComputeFilter"), (plugins.WEIGHERS, "spread")]
)
def test_a_name_of_ours(site: Path, group: str, name: str) -> None:
    install_broken(site, group, name, "broken_one:thing", "def thing(*_): return 0")
    with pytest.raises(PluginError, match="cannot be used: Stratolith has this name already"):
        place.require_plugins()


def test_two_packages_with_one_name(site: Path) -> None:
    install_broken(site, plugins.FILTERS, "odd", "broken_one:thing")
    other = site / "another-2.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 2\n")
    (other / "entry_points.txt").write_text(f"[{plugins.FILTERS}]\nodd = another:thing\n")
    sentence = r"broken-one 0\.3 cannot be used: another 2 offers the same name"
    with pytest.raises(PluginError, match=sentence):
        plugins.names(plugins.FILTERS)


@pytest.mark.parametrize(
    ("name", "module", "reason"),
    [
        ("odd", "PLATE = 1", "it is not a stratolith.kernel.service.Service"),
        ("odd", PLATE.format(type="even", port=1, mount="/e"), "its section is"),
        ("compute", "PLATE = 1", "Stratolith has a service of this name"),
        ("odd", PLATE.format(type="odd", port=8775, mount="/o"), "compute has the port 8775"),
        ("odd", PLATE.format(type="odd", port=1, mount="/image"), "image has the path /image"),
    ],
)
def test_services_that_cannot_stand_beside_ours(
    site: Path, name: str, module: str, reason: str
) -> None:
    install_broken(site, plugins.SERVICES, name, "broken_one:PLATE", module)
    sentence = BROKEN.format(name, plugins.SERVICES) + f"cannot be used: .*{reason}"
    with pytest.raises(PluginError, match=sentence):
        services.load()


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (
            PLATE.format(type="odd", port=1, mount="/o"),
            "used: the module with the Service must be in a package",
        ),
        ("PLATE = 1", r"used: it is not a stratolith\.kernel\.service\.Service"),
        ("", "loaded: ModuleNotFoundError"),
        ("OTHER = 1", "loaded: AttributeError: .* has no attribute 'PLATE'"),
    ],
)
def test_a_service_in_a_module_of_its_own(site: Path, module: str, reason: str) -> None:
    install_broken(site, plugins.SERVICES, "odd", "broken_one:PLATE", module)
    sentence = BROKEN.format("odd", plugins.SERVICES) + f"cannot be {reason}"
    with pytest.raises(PluginError, match=sentence):
        list(roster.rooms("settings"))


def test_a_room_that_cannot_be_imported(site: Path) -> None:
    (site / "broken_one").mkdir()
    (site / "broken_one" / "__init__.py").write_text("import nothing_of_that_name")
    install_broken(site, plugins.SERVICES, "odd", "broken_one.service:PLATE")
    with pytest.raises(PluginError, match=r"broken-one 0\.3 cannot be loaded: ModuleNotFound"):
        list(roster.rooms("agent"))


def test_drivers_nobody_has(site: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="driver: 'odd' is not one of fake, qemu"):
        settings(tmp_path, compute={"driver": "odd"})
    with pytest.raises(ConfigError, match="driver: 'odd' is not one of fake, linux"):
        settings(tmp_path, network={"driver": "odd"})


def test_a_driver_named_like_ours(site: Path, tmp_path: Path) -> None:
    install_broken(site, plugins.HYPERVISORS, "qemu", "broken_one:make", "def make(*_): return 0")
    with pytest.raises(PluginError, match="cannot be used: Stratolith has this name already"):
        hypervisors.name_of(settings(tmp_path))


def test_real_drivers_are_not_for_simulated_hosts(site: Path, tmp_path: Path) -> None:
    wished = settings(tmp_path, compute={"driver": "qemu"}, network={"driver": "linux"})
    with pytest.raises(ConfigError, match="'qemu' is not for a cloud with simulated hosts"):
        hypervisors.make(wished, "here")
    with pytest.raises(ConfigError, match="'linux' is not for a cloud with simulated hosts"):
        networks.make(wished, "here")


def test_a_driver_that_fails_to_be_made(site: Path, tmp_path: Path) -> None:
    module = "def make(settings, host): raise OSError('no such device')"
    install_broken(site, plugins.HYPERVISORS, "odd", "broken_one:make", module)
    wished = settings(tmp_path, compute={"driver": "odd"})
    sentence = BROKEN.format("odd", plugins.HYPERVISORS) + "failed: OSError: no such device"
    with pytest.raises(PluginError, match=sentence):
        agent.make_rooms(wished, "here", fake=True)


@pytest.mark.parametrize("value", ["None", "3", "type('Part', (), {'name': 'odd'})()"])
@pytest.mark.parametrize("group", [plugins.HYPERVISORS, plugins.NETWORKS])
def test_a_function_that_makes_no_driver(
    site: Path, tmp_path: Path, group: str, value: str
) -> None:
    module = f"def make(settings, host): return {value}"
    install_broken(site, group, "odd", "broken_one:make", module)
    section = "compute" if group == plugins.HYPERVISORS else "network"
    with pytest.raises(PluginError, match=BROKEN.format("odd", group) + "made no driver: "):
        agent.make_rooms(settings(tmp_path, **{section: {"driver": "odd"}}), "here", fake=True)


def test_a_driver_with_another_name(site: Path, tmp_path: Path) -> None:
    module = "from stratolith.network.drivers.fake import FakeNetworkDriver\n"
    module += "def make(settings, host): return FakeNetworkDriver()"
    install_broken(site, plugins.NETWORKS, "odd", "broken_one:make", module)
    sentence = BROKEN.format("odd", plugins.NETWORKS) + "cannot be used: its driver has the name"
    with pytest.raises(PluginError, match=sentence):
        networks.make(settings(tmp_path, network={"driver": "odd"}), "here")


def test_up_restarts_for_changed_packages(site: Path, tmp_path: Path) -> None:
    layout = locate(str(tmp_path / "state"))
    digests = [running.digest(layout)]
    install_broken(site, plugins.FILTERS, "odd", "broken_one:thing")
    plugins.forget()
    digests.append(running.digest(layout))
    assert digests[1] != digests[0], "installed"
    folder = site / "broken_one-0.3.dist-info"
    folder.rename(site / "broken_one-0.4.dist-info")
    (site / "broken_one-0.4.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken-one\nVersion: 0.4\n"
    )
    plugins.forget()
    digests.append(running.digest(layout))
    assert digests[2] not in digests[:2], "another version"
    shutil.rmtree(site / "broken_one-0.4.dist-info")
    plugins.forget()
    assert running.digest(layout) == digests[0], "removed"


def test_a_strategy_nobody_has(site: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'odd' is not one of spread, pack, random"):
        settings(tmp_path, compute={"scheduler": "odd"})
