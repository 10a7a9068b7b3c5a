"""Secrets, openrc files and clouds.yaml: complete and private."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from stratolith.deploy import credentials, files, people
from stratolith.deploy.credentials import Access
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.people import Person
from stratolith.kernel import config

ACCESS = Access("http://127.0.0.1:5000/v3", "RegionOne", {"admin": "it's $HOME", "demo": "d"})


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return locate(str(tmp_path / "state"))


@pytest.fixture
def person(tmp_path: Path) -> Person:
    (tmp_path / "home").mkdir()
    return Person(tmp_path / "home", os.getuid(), os.getgid())


def test_secrets_are_made_once_and_are_private(layout: Layout) -> None:
    assert not credentials.has_all_secrets(layout)
    credentials.make_secrets(layout)
    first = credentials.load_secrets(layout)
    assert layout.secrets.stat().st_mode & 0o777 == 0o600
    assert credentials.has_all_secrets(layout)
    assert len(set(first.values())) == len(credentials.SECRET_NAMES)
    credentials.make_secrets(layout)
    assert credentials.load_secrets(layout) == first


def test_a_missing_secret_is_added_and_open_secrets_are_closed(layout: Layout) -> None:
    layout.state_dir.mkdir()
    layout.secrets.write_text(json.dumps({"admin_password": "mine"}))
    layout.secrets.chmod(0o644)
    assert not credentials.has_all_secrets(layout)
    credentials.make_secrets(layout)
    assert credentials.load_secrets(layout)["admin_password"] == "mine"
    assert layout.secrets.stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_an_expected_problem(layout: Layout) -> None:
    files.write(layout.secrets, "{")
    with pytest.raises(DeployError, match="damaged"):
        credentials.load_secrets(layout)


def test_a_shell_reads_the_openrc_exactly(tmp_path: Path) -> None:
    path = tmp_path / "admin-openrc.sh"
    path.write_text(credentials.openrc("admin", ACCESS))
    script = f'OS_CLOUD=old; . {path}; echo "$OS_PASSWORD|$OS_USERNAME|$OS_AUTH_URL|$OS_CLOUD"'
    answer = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "it's $HOME|admin|http://127.0.0.1:5000/v3|\n"


def test_older_tools_find_the_tenant_in_keystonerc(tmp_path: Path) -> None:
    path = tmp_path / "keystonerc_demo"
    path.write_text(credentials.keystonerc("demo", ACCESS))
    script = f'. {path}; echo "$OS_TENANT_NAME|$OS_PROJECT_NAME|$OS_USERNAME|$OS_AUTH_URL"'
    answer = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "demo|demo|demo|http://127.0.0.1:5000/v3\n"


def test_clouds_yaml_has_an_entry_for_each_user(tmp_path: Path) -> None:
    clouds = yaml.safe_load(credentials.clouds_yaml(locate(str(tmp_path)), ACCESS))["clouds"]
    assert set(clouds) == {"stratolith", "stratolith-admin"}
    assert clouds["stratolith"]["auth"]["username"] == "demo"
    assert clouds["stratolith-admin"]["auth"]["password"] == "it's $HOME"


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "http://127.0.0.1:5000/v3"),
        ({"api": {"port_offset": 20000}}, "http://127.0.0.1:25000/v3"),
        ({"api": {"single_port": True, "port": 9000}}, "http://127.0.0.1:9000/identity/v3"),
        ({"api": {"listen": "192.0.2.7"}}, "http://192.0.2.7:5000/v3"),
        ({"api": {"listen": "0.0.0.0"}}, "http://127.0.0.1:5000/v3"),
        ({"api": {"listen": "::1"}}, "http://[::1]:5000/v3"),
        ({"cloud": {"public_url": "https://c.org/"}}, "https://c.org/identity/v3"),
    ],
)
def test_auth_url_follows_the_settings(values: dict[str, dict[str, object]], url: str) -> None:
    assert credentials.auth_url(config.load({}, None, {}, values)) == url


def test_the_persons_own_key_is_taken_in_order_of_preference(
    person: Person, tmp_path: Path
) -> None:
    ssh = person.home / ".ssh"
    ssh.mkdir()
    (ssh / "id_rsa.pub").write_text("ssh-rsa AAAA me\n")
    (ssh / "id_ed25519.pub").write_text("not a key\n")
    found = people.key_pair(person, tmp_path / "keys")
    assert found.public_key == "ssh-rsa AAAA me"
    assert found.private_file == ssh / "id_rsa"
    (ssh / "id_ecdsa.pub").write_text("ecdsa-sha2-nistp256 BBBB me\n")
    assert people.key_pair(person, tmp_path / "keys").private_file == ssh / "id_ecdsa"
    assert not (tmp_path / "keys").exists()


def test_without_a_key_one_is_made_once_and_is_private(person: Person, tmp_path: Path) -> None:
    first = people.key_pair(person, tmp_path / "keys")
    assert first.is_generated
    assert first.public_key.startswith("ssh-ed25519 ")
    assert first.private_file.stat().st_mode & 0o777 == 0o600
    assert people.key_pair(person, tmp_path / "keys") == first


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, "old", mode=0o600)
    (tmp_path / ".file.part").write_text("half of the n")  # what a killed process left
    assert path.read_text() == "old"
    files.write(path, "new", mode=0o600)
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
