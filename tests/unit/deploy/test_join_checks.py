"""`join` checks the command line before it sends the token, which works only once."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stratolith.deploy import destroy, join, join_checks
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import locate
from stratolith.deploy.steps import Report
from stratolith.kernel.config import ConfigError, HostsSection


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.10", "192.0.2.10:8702"),
        ("192.0.2.10:1", "192.0.2.10:1"),
        ("cloud.example.org", "cloud.example.org:8702"),
        ("2001:db8::1", "[2001:db8::1]:8702"),
        ("[2001:db8::1]", "[2001:db8::1]:8702"),
        ("[2001:db8::1]:8702", "[2001:db8::1]:8702"),  # as `token create` prints it
    ],
)
def test_the_place_of_the_server(text: str, place: str) -> None:
    assert join_checks.server_place(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2.10:99999", "192.0.2.10:0", "http://192.0.2.10", "http://h:8702", "[::1", "a b"],
)
def test_what_is_not_the_place_of_a_server(text: str) -> None:
    with pytest.raises(DeployError, match="is not the address of a server"):
        join_checks.server_place(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not an IP address"),
        ("foo", "is not an IP address"),
        ("192.0.2.0/24", "is not an IP address"),
        ("0.0.0.0", "cannot reach"),
        ("127.0.0.1", "cannot reach"),
        ("169.254.1.1", "cannot reach"),
        ("224.0.0.1", "cannot reach"),
        ("255.255.255.255", "cannot reach"),
        ("::", "cannot reach"),
        ("::1", "cannot reach"),
        ("ff02::1", "cannot reach"),
        ("fe80::1", "cannot reach"),
        ("::ffff:127.0.0.1", "cannot reach"),
        ("192.0.2.77", "does not have the address"),
        ("2001:db8::77", "does not have the address"),
    ],
)
def test_a_tunnel_address_that_no_host_can_use(text: str, reason: str, tmp_path: Path) -> None:
    """A server would be asked at a closed port: the answer would be another."""
    wishes = join.Wishes("127.0.0.1:9", "a.b", tunnel_address=text, fake=True)
    with pytest.raises(DeployError, match=reason):
        join.join(locate(str(tmp_path / "state")), wishes, Report())
    assert not (tmp_path / "state").exists()


def test_a_tunnel_address_of_this_machine() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends no packet
        except OSError:
            pytest.skip("this machine has no address but loopback")
        join_checks.require_tunnel_address(probe.getsockname()[0])


def test_a_wrong_variable_is_refused_before_the_token_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATOLITH_HOSTS_STORAGE_ADDRESS", "foo")
    with pytest.raises(ConfigError, match="storage_address: 'foo' is not an IP address"):
        join.join(
            locate(str(tmp_path / "state")), join.Wishes("127.0.0.1:9", "a.b", fake=True), Report()
        )


BROKEN = """
cloud: {fake: true, unknown_key: 1}
hosts: {server: "127.0.0.1:9", tunnel_address: foo}
image: {cache_dir: 5}
network: 3
"""


@pytest.mark.parametrize("text", [BROKEN, "cloud: [", "hosts: {server: [}"])
def test_valid_settings_of_a_broken_configuration(text: str, tmp_path: Path) -> None:
    layout = locate(str(tmp_path))
    layout.config.parent.mkdir()
    layout.config.write_text(text)
    with pytest.raises(ConfigError):
        layout.settings()
    settings = layout.valid_settings()
    assert settings.state_dir == tmp_path
    assert settings.of(HostsSection).tunnel_address == ""
    if text == BROKEN:
        assert settings.fake and settings.of(HostsSection).server == "127.0.0.1:9"


@pytest.mark.parametrize("is_left_by_force", [False, True])
def test_a_host_with_a_broken_configuration_can_be_removed(
    tmp_path: Path, is_left_by_force: bool
) -> None:
    layout = locate(str(tmp_path / "state"))
    layout.config.parent.mkdir(parents=True)
    layout.config.write_text(BROKEN)
    (layout.state_dir / "host").mkdir()
    (layout.state_dir / "host" / "host.json").write_text("{}")
    if is_left_by_force:
        assert join.leave(layout, Report(), force=True) == 0
    else:
        assert destroy.destroy(layout, Report(), is_sure=True) == 0
    assert not layout.state_dir.exists()
