"""OAuth 1.0a consumers."""

from __future__ import annotations

from sqlalchemy import select

from stratolith.identity.models import Consumer
from tests.testcloud import Client, TestCloud

ALL = "/OS-OAUTH1/consumers"


def test_a_consumer_shows_its_secret_once(cloud: TestCloud, admin: Client) -> None:
    answer = admin.post("identity", ALL, json={"consumer": {"description": "d", "colour": "red"}})
    assert answer.status_code == 201
    made = answer.json()["consumer"]
    secret = made.pop("secret")
    path = f"{ALL}/{made['id']}"
    assert made["colour"] == "red"
    assert admin.get("identity", path).json()["consumer"] == made
    assert admin.get("identity", ALL).json()["consumers"] == [made]
    with cloud.env.db.read() as session:
        kept = session.scalars(select(Consumer)).one().encrypted_secret
    assert secret not in kept
    change = {"consumer": {"description": "e"}}
    assert admin.patch("identity", path, json=change).json()["consumer"]["description"] == "e"
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_nobody_chooses_a_secret(admin: Client) -> None:
    answer = admin.post("identity", ALL, json={"consumer": {"secret": "x"}})
    assert answer.status_code == 400
    assert "secret" in answer.json()["error"]["message"]


def test_consumers_are_the_administrators(demo: Client) -> None:
    assert demo.post("identity", ALL, json={"consumer": {}}).status_code == 403
    assert demo.get("identity", ALL).status_code == 403
