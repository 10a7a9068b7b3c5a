"""`stratolith policy check` against a whole cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratolith import __main__ as main
from stratolith.deploy.checks import policy_check
from stratolith.deploy.checks.policy_check import Question
from stratolith.deploy.errors import DeployError
from tests.testcloud import TestCloud


def ask(
    cloud: TestCloud, question: Question, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    status = policy_check.check(cloud.settings, question)
    return status, capsys.readouterr().out


def test_an_administrator_may_and_a_member_may_not(
    cloud: TestCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = ask(cloud, Question("admin", "identity:create_domain"), capsys)
    assert status == 0
    assert text.startswith("allowed: identity:create_domain (identity)")
    assert "yes  rule:admin_required" in text
    status, text = ask(cloud, Question("demo", "identity:create_domain"), capsys)
    assert status == 1
    assert text.startswith("denied:")
    assert "no   role:admin" in text
    assert "roles member, reader" in text


def test_the_target_decides(cloud: TestCloud, capsys: pytest.CaptureFixture[str]) -> None:
    demo = cloud.client("demo")
    token = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    user = token.json()["token"]["user"]["id"]
    mine = Question("demo", "identity:get_user", [f"target.user.id={user}"])
    assert ask(cloud, mine, capsys)[0] == 0
    theirs = Question("demo", "identity:get_user", ["target.user.id=other"])
    assert ask(cloud, theirs, capsys)[0] == 1


def test_it_agrees_with_the_api_about_scope(
    cloud: TestCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    question = Question("admin", "identity:create_application_credential", system=True)
    status, text = ask(cloud, question, capsys)
    assert status == 1
    assert "the token has system scope; the action needs project scope" in text
    status, text = ask(cloud, Question("admin", "identity:list_users", domain="Default"), capsys)
    assert status == 0
    assert "domain Default" in text


def test_a_rule_of_policy_yaml_is_the_one_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "policy.yaml").write_text('"identity:list_users": "role:member"\n')
    cloud = TestCloud(folder)
    try:
        status, text = ask(cloud, Question("demo", "identity:list_users"), capsys)
    finally:
        cloud.close()
    assert status == 0
    assert "policy.yaml" in text
    assert "yes  role:member" in text


@pytest.mark.parametrize(
    ("question", "word"),
    [
        (Question("nobody", "identity:get_user"), "nobody"),
        (Question("demo", "identity:get_usr"), "identity:get_user"),
        (Question("demo", "identity:get_user", project="nope"), "nope"),
        (Question("demo", "identity:get_user", project="admin"), "role"),
        (Question("demo", "identity:get_user", ["rubbish"]), "rubbish"),
    ],
)
def test_what_does_not_exist_is_named(cloud: TestCloud, question: Question, word: str) -> None:
    with pytest.raises(DeployError, match=word):
        policy_check.check(cloud.settings, question)


@pytest.mark.parametrize(
    "words",
    [
        "demo RULE a=1 b=2 --project x --system",
        "demo RULE --project x --system a=1 b=2",
        "demo RULE a=1 --project x b=2 --system",
        "demo --system RULE --project x a=1 b=2",
        "--project x demo RULE --system a=1 b=2",
        "demo --project x RULE a=1 --system b=2",
    ],
)
def test_options_and_the_target_come_in_any_order(
    words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Question] = []
    monkeypatch.setattr(policy_check, "check", lambda _, question: asked.append(question) or 0)
    (tmp_path / "secrets.json").write_text("{}")  # the directory of a server
    state_dir = ["--state-dir", str(tmp_path)]
    assert main.main(["policy", "check", *state_dir, *words.split()]) == 0
    assert asked == [Question("demo", "RULE", ["a=1", "b=2"], project="x", system=True)]


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["policy", "check", "demo", "RULE", "--prject", "x", "a=1"])
    assert "unrecognized arguments: --prject" in capsys.readouterr().err
