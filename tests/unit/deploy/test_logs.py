"""`logs`: merged by time, filtered by service and request."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratolith.deploy import logs
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.logs import Wanted

SERVER = """\
2026-11-21 09:00:01.100 INFO stratolith.compute.api.servers [req-1] creating
2026-11-21 09:00:02.500 INFO stratolith.access [req-3] image /v2/images GET 200 0.0082
2026-11-21 09:00:03.100 ERROR stratolith.network.managers.ports [req-2] broken
Traceback (most recent call last):
  ValueError
"""
AGENT = "2026-11-21 09:00:02.000 INFO stratolith.compute.agent [-] started\n"
SUPERVISOR = "2026-11-21 09:00:00 supervisor: server started, pid 7\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = locate(str(tmp_path))
    found.logs.mkdir()
    (found.logs / "server.log").write_text(SERVER)
    (found.logs / "agent.log").write_text(AGENT)
    (found.logs / "supervisor.log").write_text(SUPERVISOR)
    return found


def shown(
    layout: Layout, capsys: pytest.CaptureFixture[str], service: str | None = None,
    request_id: str | None = None, lines: int = 100,
) -> list[str]:  # fmt: skip
    assert logs.show(layout, Wanted(service, request_id, lines), follow=False) == 0
    return capsys.readouterr().out.splitlines()


def test_all_are_merged_by_time(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(layout, capsys)
    assert [line[17:19] for line in lines if line.startswith("2026")] == [
        "00",
        "01",
        "02",
        "02",
        "03",
    ]


def test_a_service_by_type_or_code_name(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    by_type, by_name = shown(layout, capsys, "compute"), shown(layout, capsys, "nova")
    assert by_type == by_name
    assert len(by_type) == 2
    assert all("stratolith.compute" in line for line in by_type)


def test_a_traceback_stays_with_its_line(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(layout, capsys, request_id="req-2") == SERVER.splitlines()[2:]


def test_the_last_lines_of_one_process(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(layout, capsys, "agent") == AGENT.splitlines()
    assert shown(layout, capsys, lines=1) == SERVER.splitlines()[2:]


def test_json_lines_are_understood(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    line = '{"time":"2026-11-21T09:00:05","level":"INFO","logger":"stratolith.image.api"}'
    (layout.logs / "server.log").write_text(SERVER + line + "\n")
    assert shown(layout, capsys, "glance")[1:] == [line]
    assert shown(layout, capsys)[-1] == line


def test_the_rotated_part_comes_first(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    (layout.logs / "agent.log.1").write_text(AGENT.replace("09:00:02", "08:00:00"))
    assert [line[11:13] for line in shown(layout, capsys, "agent")] == ["08", "09"]


def test_news_of_a_growing_and_of_a_rotated_file(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text("one\ntw")
    text, seen = logs._news(path, 0)
    assert text == "one\n"
    path.write_text("one\ntwo\n")
    assert logs._news(path, seen)[0] == "two\n"
    path.write_text("new\n")
    assert logs._news(path, 8)[0] == "new\n"


def test_no_logs_is_an_expected_problem(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no logs"):
        logs.show(locate(str(tmp_path)), Wanted(None, None, 5), follow=False)


def test_requests_to_a_service_are_lines_of_it(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(layout, capsys, "glance") == [SERVER.splitlines()[1]]


def test_what_our_own_agent_asks_is_left_out_unless_it_is_asked_for(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    where = "stratolith.access [req-9] agent /v1/hosts/h/hints GET 200 5.0"
    poll = f"2026-11-21 09:00:04.000 INFO {where}"
    with (layout.logs / "server.log").open("a") as log:
        log.write(f"{poll}\n")
    assert poll not in shown(layout, capsys)
    assert shown(layout, capsys, request_id="req-9") == [poll]


@pytest.mark.parametrize("name", ["nobody", "servr", "../x", ""])
def test_a_name_that_nothing_has_is_refused(layout: Layout, name: str) -> None:
    with pytest.raises(DeployError, match="choose from"):
        logs.show(layout, Wanted(name, None, 10), follow=False)


def test_logged_packets_are_shown_only_by_their_name(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "2026-11-21 09:00:02.700 INFO stratolith.security_groups [-] action=DROP packet=tcp\n"
    (layout.logs / "security-groups.log").write_text(line)
    assert not any("action=DROP" in entry for entry in shown(layout, capsys))
    assert shown(layout, capsys, "security-groups") == [line.strip()]


def test_a_log_that_nobody_has_written_to_is_empty(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(layout, capsys, "security-groups") == []
