"""Configuration of domains: groups, options, defaults, and what they may hold."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stratolith.identity.models import DomainOption
from tests.api.identity.people import make_domain, persona
from tests.testcloud import Client, TestCloud

CONFIG = {
    "identity": {"driver": "ldap"},
    "ldap": {"url": "ldap://ldap.example:389/", "user_tree_dn": "ou=Users,dc=example"},
}


@pytest.fixture
def path(admin: Client) -> str:
    return f"/domains/{make_domain(admin, 'acme')['id']}/config"


def put(admin: Client, path: str, config: dict[str, Any], status: int = 201) -> Any:
    answer = admin.put("identity", path, json={"config": config})
    assert answer.status_code == status, answer.text
    return answer.json().get("config")


def shown(admin: Client, path: str) -> Any:
    answer = admin.get("identity", path)
    assert answer.status_code == 200, answer.text
    return answer.json()["config"]


def test_a_configuration_is_made_shown_replaced_and_removed(admin: Client, path: str) -> None:
    assert put(admin, path, CONFIG) == CONFIG
    assert shown(admin, path) == CONFIG
    assert shown(admin, path + "/ldap") == {"ldap": CONFIG["ldap"]}
    assert shown(admin, path + "/ldap/url") == {"url": CONFIG["ldap"]["url"]}
    assert admin.head("identity", path + "/ldap/url").status_code == 200
    put(admin, path, {"identity": {"list_limit": 5}}, status=200)
    assert shown(admin, path) == {"identity": {"list_limit": 5}}
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_groups_and_options_are_changed_and_removed_alone(admin: Client, path: str) -> None:
    put(admin, path, CONFIG)
    change = {"config": {"identity": {"driver": "sql", "list_limit": 7}}}
    answer = admin.patch("identity", path + "/identity", json=change)
    assert answer.json()["config"]["identity"] == {"driver": "sql", "list_limit": 7}
    change = {"config": {"driver": "other"}}  # type: ignore[dict-item]
    answer = admin.patch("identity", path + "/identity/driver", json=change)
    assert answer.json()["config"]["identity"]["driver"] == "other"
    assert admin.delete("identity", path + "/identity/driver").status_code == 204
    assert admin.get("identity", path + "/identity/driver").status_code == 404
    assert admin.delete("identity", path + "/identity").status_code == 204
    assert admin.get("identity", path + "/identity").status_code == 404
    assert admin.delete("identity", path + "/identity").status_code == 404
    assert shown(admin, path) == {"ldap": CONFIG["ldap"]}


@pytest.mark.parametrize(
    ("config", "status", "word"),
    [
        ({}, 403, "No options"),
        ({"nope": {"a": 1}}, 403, "nope"),
        ({"ldap": {"nope": 1}}, 403, "nope"),
        ({"ldap": {}}, 403, "ldap"),
        ({"ldap": "text"}, 403, "ldap"),
        ({"ldap": {"page_size": "many"}}, 400, "config.ldap.page_size"),
        ({"ldap": {"use_tls": 7}}, 400, "config.ldap.use_tls"),
        ({"ldap": {"query_scope": "all"}}, 400, "config.ldap.query_scope"),
        ({"ldap": {"url": ["x"]}}, 400, "config.ldap.url"),
        ({"ldap": {"pool_retry_delay": "x"}}, 400, "config.ldap.pool_retry_delay"),
        ({"ldap": {"group_attribute_ignore": [1]}}, 400, "config.ldap.group_attribute_ignore"),
    ],
)
def test_what_no_domain_can_have_is_refused_by_name(
    admin: Client, path: str, config: dict[str, Any], status: int, word: str
) -> None:
    answer = admin.put("identity", path, json={"config": config})
    assert answer.status_code == status, answer.text
    assert word in answer.json()["error"]["message"]


def test_a_change_must_be_of_what_the_path_names_and_of_what_is_there(
    admin: Client, path: str
) -> None:
    put(admin, path, {"identity": {"driver": "sql"}})
    for place, config, status in [
        ("/identity", CONFIG, 403),
        ("/identity/driver", {"list_limit": 1}, 403),
        ("/ldap", {"ldap": {"url": "x"}}, 404),
        ("/identity/list_limit", {"list_limit": 1}, 404),
        ("/nope", {"nope": {"a": 1}}, 403),
    ]:
        answer = admin.patch("identity", path + place, json={"config": config})
        assert answer.status_code == status, (place, answer.text)


def test_a_password_is_kept_encrypted_and_never_shown(
    cloud: TestCloud, admin: Client, path: str
) -> None:
    secret = {"ldap": {"url": "ldap://x", "password": "of the directory"}}
    assert put(admin, path, secret) == {"ldap": {"url": "ldap://x"}}
    assert shown(admin, path) == {"ldap": {"url": "ldap://x"}}
    assert admin.get("identity", path + "/ldap/password").status_code == 404
    with cloud.env.db.read() as session:
        kept = session.scalars(select(DomainOption).where(DomainOption.sensitive)).one()
    assert "directory" not in str(kept.value)
    assert admin.delete("identity", path + "/ldap/password").status_code == 204


def test_defaults_are_shown_by_group_and_option(admin: Client) -> None:
    every = shown(admin, "/domains/config/default")
    assert set(every) == {"identity", "ldap"}
    assert every["identity"] == {"driver": "sql", "list_limit": None}
    assert "password" not in every["ldap"]
    assert shown(admin, "/domains/config/ldap/default") == {"ldap": every["ldap"]}
    for option, value in every["ldap"].items():
        assert shown(admin, f"/domains/config/ldap/{option}/default") == {option: value}
    assert admin.get("identity", "/domains/config/nope/default").status_code == 403


def test_everybody_may_read_the_rules_for_passwords_nobody_else_the_rest(
    cloud: TestCloud, demo: Client, path: str
) -> None:
    found = shown(demo, "/domains/default/config/security_compliance")
    assert found == {
        "security_compliance": {"password_regex": None, "password_regex_description": None}
    }
    one = shown(demo, "/domains/default/config/security_compliance/password_regex")
    assert one == {"password_regex": None}
    assert demo.get("identity", path).status_code == 403
    assert demo.put("identity", path, json={"config": CONFIG}).status_code == 403
    reader = persona(cloud, "reader", system=True)
    assert reader.get("identity", "/domains/config/default").status_code == 200
    assert reader.put("identity", path, json={"config": CONFIG}).status_code == 403


def test_a_deleted_domain_takes_its_configuration_along(admin: Client, path: str) -> None:
    put(admin, path, CONFIG)
    domain = path.removesuffix("/config")
    admin.patch("identity", domain, json={"domain": {"enabled": False}})
    assert admin.delete("identity", domain).status_code == 204
    assert admin.get("identity", path).status_code == 404
