"""Keypairs of users."""

from __future__ import annotations

from tests.testcloud import Client

from .conftest import error_of

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGaPdSg+Mbp5GS0Mnk+Uu0YaAVzYVYZQXxKzVCBzs3Ug me"


def test_import_show_list_delete(demo: Client) -> None:
    body = {"keypair": {"name": "k", "public_key": KEY}}
    made = demo.post("compute", "/os-keypairs", json=body, microversion="2.2")
    assert made.status_code == 201 and made.json()["keypair"]["type"] == "ssh"
    assert "private_key" not in made.json()["keypair"]
    shown = demo.get("compute", "/os-keypairs/k").json()["keypair"]
    assert shown["public_key"] == KEY and shown["id"]
    listed = demo.get("compute", "/os-keypairs").json()["keypairs"]
    assert [one["keypair"]["name"] for one in listed] == ["k"]
    assert demo.post("compute", "/os-keypairs", json=body).status_code == 409
    assert demo.delete("compute", "/os-keypairs/k").status_code == 202
    assert demo.delete("compute", "/os-keypairs/k").status_code == 404


def test_generated_until_2_92(demo: Client) -> None:
    body = {"keypair": {"name": "g"}}
    made = demo.post("compute", "/os-keypairs", json=body)
    assert made.status_code == 200
    assert made.json()["keypair"]["private_key"].startswith("-----BEGIN")
    refused = demo.post("compute", "/os-keypairs", json=body, microversion="2.92")
    assert refused.status_code == 400 and "public_key" in error_of(refused)


def test_bad_keys(demo: Client) -> None:
    for keypair in (
        {"name": "k", "public_key": "nonsense"},
        {"name": "k#1", "public_key": KEY},
        {"name": "", "public_key": KEY},
        {"name": "k", "public_key": KEY, "type": "rsa"},
    ):
        answer = demo.post("compute", "/os-keypairs", json={"keypair": keypair}, microversion="2.2")
        assert answer.status_code == 400, answer.text


def test_other_users_keys_are_for_administrators(admin: Client, demo: Client) -> None:
    user = admin.get("identity", "/users?name=demo").json()["users"][0]["id"]
    body = {"keypair": {"name": "k", "public_key": KEY, "user_id": user}}
    assert admin.post("compute", "/os-keypairs", json=body, microversion="2.10").status_code == 201
    assert demo.get("compute", "/os-keypairs/k").status_code == 200
    mine = admin.get("identity", "/users?name=admin").json()["users"][0]["id"]
    path = f"/os-keypairs?user_id={mine}"
    assert demo.get("compute", path, microversion="2.10").status_code == 403


def test_pages(demo: Client) -> None:
    for name in "abc":
        demo.post("compute", "/os-keypairs", json={"keypair": {"name": name, "public_key": KEY}})
    first = demo.get("compute", "/os-keypairs?limit=2", microversion="2.35").json()
    assert [one["keypair"]["name"] for one in first["keypairs"]] == ["a", "b"]
    link = first["keypairs_links"][0]["href"].removeprefix("http://cloud.test")
    headers = {"OpenStack-API-Version": "compute 2.35"}
    second = demo.get("raw", link, headers=headers).json()
    assert [one["keypair"]["name"] for one in second["keypairs"]] == ["c"]
