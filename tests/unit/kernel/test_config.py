"""Settings: precedence, and errors that name the key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import pytest

from stratolith.kernel import config
from stratolith.kernel.config import ApiSection, CloudSection, ConfigError, LogSection, Section


def write(folder: Path, text: str, name: str = "stratolith.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_later_sources_win(tmp_path: Path) -> None:
    path = write(tmp_path, "api: {port: 1001, threads: 3}\nlog: {level: DEBUG}\n")
    write(tmp_path, "api: {port: 1002}\n", "conf.d/10.yaml")
    write(tmp_path, "api: {port: 1003}\n", "conf.d/20.yaml")
    environ = {"STRATOLITH_API_LISTEN": "127.0.0.9", "STRATOLITH_CLOUD_FAKE": "true"}
    found = config.load({}, path, environ, {"api": {"threads": 5}})
    api = found.of(ApiSection)
    assert (api.port, api.threads, api.listen) == (1003, 5, "127.0.0.9")
    assert found.of(LogSection).level == "DEBUG"
    assert found.fake is True


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("api: {prot: 1}", "api.prot"),
        ("api: {port: many}", "port"),
        ("api: {port: 70000}", "port"),
        ("apis: {}", "apis"),
        ("api: 3", "api"),
        ("- 1", "mapping"),
        ("api: {", "stratolith.yaml"),
    ],
)
def test_errors_name_the_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        config.load({}, write(tmp_path, text))


def test_a_fifo_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stratolith.yaml")
    with pytest.raises(ConfigError, match="Not a regular file"):
        config.load({}, tmp_path / "stratolith.yaml", {}, {})


def test_places_follow_the_state_directory() -> None:
    found = config.load({}, overrides={"cloud": {"state_dir": "/s", "run_dir": "/r"}})
    assert found.database_url == "sqlite:////s/stratolith.db"
    assert str(found.agent_socket) == "/r/agent.sock"
    assert found.of(CloudSection).region == "RegionOne"


class ListsSection(Section, kw_only=True, frozen=True):
    """A section with lists and mappings."""

    names: Annotated[list[str], config.Doc(description="Documented, as real ones are.")] = []
    sizes: dict[str, int] = {}


@pytest.mark.parametrize(
    ("text", "names"),
    [("a,b", ["a", "b"]), ("[a, 'b,c']", ["a", "b,c"]), ("", []), ("one", ["one"])],
)
def test_lists_and_mappings_come_from_the_environment(text: str, names: list[str]) -> None:
    environ = {"STRATOLITH_LISTS_NAMES": text, "STRATOLITH_LISTS_SIZES": "{x: 3}"}
    found = config.load({"lists": ListsSection}, environ=environ).of(ListsSection)
    assert (found.names, found.sizes) == (names, {"x": 3})


@pytest.mark.parametrize("text", ["{x: many}", "[", "3"])
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="sizes"):
        config.load({"lists": ListsSection}, environ={"STRATOLITH_LISTS_SIZES": text})
