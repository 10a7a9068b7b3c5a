"""Commands for the server's machine, given on a machine that is a host of its cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratolith.__main__ import main
from stratolith.deploy.layout import locate


@pytest.fixture
def state_dir(tmp_path: Path) -> str:
    """The directory of a machine that joined the cloud at 192.0.2.10."""
    layout = locate(str(tmp_path))
    layout.config.parent.mkdir()
    layout.config.write_text("hosts: {server: '192.0.2.10:8702'}\n")
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "host.json").write_text("{}")
    return str(tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        ["host", "list"],
        ["host", "drain", "a"],
        ["host", "activate", "a"],
        ["host", "remove", "a"],
        ["token", "create"],
        ["openrc"],
        ["verify"],
        ["image", "import", "a.img"],
        ["policy", "check", "admin", "identity:list_users"],
    ],
)
def test_what_is_for_the_server_is_refused(
    command: list[str], state_dir: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # the options of `policy` come before its list of values
    first = 2 if command[0] in ("host", "token", "image") else 1
    assert main([*command[:first], "--state-dir", state_dir, *command[first:]]) == 1
    text = capsys.readouterr().err
    assert "is a host of the cloud whose server is at 192.0.2.10:8702" in text
    assert "run this command there" in text


@pytest.mark.parametrize(
    "options",
    [["--listen", "192.0.2.4"], ["--port-offset", "0"], ["--fake"], ["--names", "kolla"]],
)
def test_options_of_the_server_are_not_ignored(
    options: list[str], state_dir: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--state-dir", state_dir, *options]) == 1
    text = capsys.readouterr().err
    assert "is a host of the cloud" in text and f"without {options[0]}" in text
