"""Settings: precedence, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratolith.kernel import config
from stratolith.kernel.config import ApiSection, CloudSection, ConfigError, LogSection


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


def test_places_follow_the_state_directory() -> None:
    found = config.load({}, overrides={"cloud": {"state_dir": "/s", "run_dir": "/r"}})
    assert found.database_url == "sqlite:////s/stratolith.db"
    assert str(found.agent_socket) == "/r/agent.sock"
    assert found.of(CloudSection).region == "RegionOne"
