"""`leave` and `up` of a machine that the server no longer knows as a host, or cannot be asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.deploy import destroy, join
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.steps import Report
from stratolith.kernel.agent import admission
from stratolith.kernel.agent.admission import CannotJoin
from stratolith.kernel.agent.member import Membership
from stratolith.kernel.clock import utcnow
from tests.api.kernel.joining import Served, free_port, served
from tests.testcloud import TestCloud


@pytest.fixture
def door(cloud: TestCloud, tmp_path: Path) -> Iterator[Served]:
    with served(cloud.env, tmp_path) as served_cloud:
        yield served_cloud


def joined(door: Served, folder: Path) -> Layout:
    """The directory of a machine that joined, as `join` makes it."""
    layout = locate(str(folder))
    layout.config.parent.mkdir(parents=True)
    layout.config.write_text(f"cloud: {{fake: true}}\nhosts: {{server: '{door.address}'}}\n")
    agent = door.join(folder, "host-a")
    agent.seen("host-a", "1", [], utcnow())
    return layout


def test_a_leave_that_was_killed_is_continued(
    door: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = joined(door, tmp_path / "a")
    door.agents[-1].leave("host-a", force=False)  # what the first `leave` did before it was killed
    assert join.leave(layout, Report(), force=False) == 0
    assert "had taken this host out" in capsys.readouterr().err
    assert not layout.state_dir.exists()


@pytest.mark.parametrize("name", ["host.json", "host.pem", "authority.pem"])
def test_a_leave_that_had_removed_files_is_continued(
    door: Served, tmp_path: Path, name: str
) -> None:
    layout = joined(door, tmp_path / "a")
    door.agents[-1].leave("host-a", force=False)
    (layout.state_dir / "host" / name).unlink()
    assert join.leave(layout, Report(), force=False) == 0
    assert not layout.state_dir.exists()


def test_a_removed_host_is_destroyed(
    door: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = joined(door, tmp_path / "a")
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a?force=true").status_code == 204
    assert destroy.destroy(layout, Report(), is_sure=True) == 0
    assert "had taken this host out" in capsys.readouterr().err


def test_up_on_a_removed_host_says_so_at_once(door: Served, tmp_path: Path) -> None:
    layout = joined(door, tmp_path / "a")
    assert door.as_admin("DELETE", "/v1/cloud/hosts/host-a").status_code == 204
    with pytest.raises(DeployError, match=r"host-a is no longer part of the cloud.*\n.*leave"):
        join.start(layout, Report())
    assert not layout.run_dir.exists()  # nothing was started


def test_up_with_a_lost_certificate_says_so(door: Served, tmp_path: Path) -> None:
    layout = joined(door, tmp_path / "a")
    (layout.state_dir / "host" / "host.pem").unlink()
    with pytest.raises(DeployError, match=r"lacks files.*\n.*leave, then join"):
        join.start(layout, Report())
    with pytest.raises(DeployError, match="lacks files"):
        join.status(layout)


def test_leave_without_the_server(
    door: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = joined(door, tmp_path / "a")
    membership = Membership(layout.state_dir)
    member = membership.read()
    member.server = f"127.0.0.1:{free_port()}"
    authority, pem = (
        (layout.state_dir / "host" / name).read_text() for name in ("authority.pem", "host.pem")
    )
    membership.write(member, authority, pem, "")
    with pytest.raises(DeployError) as refused:
        join.leave(layout, Report(), force=False)
    text = str(refused.value)
    assert "connection refused" in text and "Errno" not in text
    assert "host remove host-a --force" in text and "delete its servers" not in text
    assert join.leave(layout, Report(), force=True) == 0
    assert "host remove host-a --force" in capsys.readouterr().err


def test_a_port_without_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        plain.settimeout(10)

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(CannotJoin, match="no TLS is spoken there"):
            admission.ask(f"127.0.0.1:{port}", "a.b", "host-a")
        thread.join()


def test_a_server_that_does_not_answer() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as frozen,
        pytest.raises(CannotJoin, match="did not answer in time"),
    ):
        admission.ask(f"127.0.0.1:{frozen.getsockname()[1]}", "a.b", "host-a")


def test_a_name_without_an_address() -> None:
    with pytest.raises(CannotJoin, match="the name has no address"):
        admission.ask("server.invalid:8702", "a.b", "host-a")
