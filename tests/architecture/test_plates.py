"""Adding a service is one folder and one line: all else follows from the line and the plate."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from stratolith import roster, services
from stratolith.kernel import config
from stratolith.kernel.service import Service
from stratolith.roster import BUILT_IN, FOLDERS, Line

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stratolith"
OURS = dict(zip(FOLDERS, services.load(), strict=True))
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
}


def with_room(*rooms: str) -> set[str]:
    """Packages and modules of services that are such a room."""
    return {
        f"stratolith.{folder}.{room}"
        for folder in FOLDERS
        for room in rooms
        if (SOURCE / folder / room).is_dir() or (SOURCE / folder / f"{room}.py").exists()
    }


def test_every_folder_with_a_door_plate_has_its_line() -> None:
    assert {path.parent.name for path in SOURCE.glob("*/service.py")} - {"kernel"} == set(FOLDERS)


@pytest.mark.parametrize("line", BUILT_IN, ids=lambda line: line.folder)
def test_a_line_repeats_its_door_plate(line: Line) -> None:
    plate: Service = OURS[line.folder]
    assert (line.folder, line.name) == (plate.folder, plate.name)
    assert line.ports == services.ports_of(plate)


def test_ports_can_be_moved_as_far_as_the_setting_says() -> None:
    assert max(port for line in BUILT_IN for port in line.ports) == config.HIGHEST_PORT


def test_agents_find_the_rooms_that_are_there() -> None:
    found = {f"stratolith.{folder}.agent" for folder, _ in roster.rooms("agent")}
    assert found == with_room("agent")


def test_settings_are_found_without_the_door_plates() -> None:
    found = {folder for folder, _ in roster.rooms("settings")}
    assert found == {folder for folder, plate in OURS.items() if plate.settings is not None}


def test_every_module_of_the_kernel_has_its_layer() -> None:
    layers = CONTRACTS["The kernel has no circles"]["layers"]
    placed = [name for layer in layers for name in layer.split(" | ")]
    found = []
    for path in (SOURCE / "kernel").iterdir():
        parts = [one for one in path.glob("*.py") if one.stem != "__init__"]
        parts += [one.parent for one in path.glob("*/__init__.py")]
        inside = [f"{path.name}.{one.stem}" for one in parts]
        if path.suffix == ".py" and path.stem != "__init__":
            found.append(path.stem)
        elif set(inside) & set(placed):  # of this package each module has a place of its own
            found += inside
        elif path.is_dir() and path.name != "__pycache__":
            found.append(path.name)
    assert sorted(placed) == sorted(found)


def test_nothing_else_lists_the_services() -> None:
    """Whoever needs all of them asks the roster: no other file names more than three."""
    apart = (SOURCE / "roster.py", SOURCE / "kernel" / "http" / "errors.py")  # shapes of errors
    for path in SOURCE.rglob("*.py"):
        if "migrations" in path.parts or path in apart:
            continue
        text = path.read_text()
        named = [folder for folder in FOLDERS if f'"{folder}"' in text]
        assert len(named) <= 3, f"{path.relative_to(SOURCE)} names {named}"
