"""HTTP stories of property protections: who may do what to which custom property."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.image.managers import property_rules
from stratolith.kernel.config import ConfigError
from tests.api.image.test_images import make, names, patch, replace
from tests.testcloud import Client, TestCloud

ROLES = """
[^secret_]
create = admin
read = admin
update = admin
delete = admin

[^fixed_]
create = admin,Member
read = @
update = !
delete = admin

[.*]
create = @
read = @
update = @
delete = @
"""
POLICIES = """
[^secret_]
create = keeper
read = keeper
update = keeper
delete = keeper

[.*]
create = @
read = @
update = @
delete = @
"""


@pytest.fixture(params=["roles", "policies"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestCloud]:
    rules = tmp_path / "rules.conf"
    rules.write_text(ROLES if request.param == "roles" else POLICIES)
    folder = tmp_path / "cloud"
    folder.mkdir()
    (folder / "policy.yaml").write_text('keeper: "role:admin"\n')
    image = {
        "property_protection_file": str(rules),
        "property_protection_rule_format": request.param,
    }
    cloud = TestCloud(folder, image=image)
    yield cloud
    cloud.close()


def test_what_may_not_be_read_is_not_there(guarded: TestCloud) -> None:
    admin, demo = guarded.client("admin"), guarded.client("demo")
    image = make(admin, name="guarded", visibility="public", secret_code="7", colour="blue")
    assert image["secret_code"] == "7"
    shown = demo.get("image", f"/images/{image['id']}").json()
    assert "secret_code" not in shown and shown["colour"] == "blue"
    listed = demo.get("image", "/images?name=guarded").json()["images"]
    assert "secret_code" not in listed[0]
    listed = admin.get("image", "/images?name=guarded").json()["images"]
    assert listed[0]["secret_code"] == "7"
    assert names(admin, "?secret_code=7") == ["guarded"]
    assert names(demo, "?secret_code=7") == []
    assert names(demo, "?colour=blue") == ["guarded"]


def test_what_may_not_be_written_stays(guarded: TestCloud) -> None:
    admin, demo = guarded.client("admin"), guarded.client("demo")
    body = {"secret_code": "7"}
    assert demo.post("image", "/images", json=body).status_code == 403
    image = make(demo, colour="blue")
    add = {"op": "add", "path": "/secret_code", "value": "7"}
    assert patch(demo, image, add).status_code == 403
    assert patch(admin, image, add).status_code == 200
    assert patch(demo, image, add | {"value": "8"}).status_code == 403
    assert patch(demo, image, replace("secret_code", "8")).status_code == 409
    gone = {"op": "remove", "path": "/secret_code"}
    assert patch(demo, image, gone).status_code == 409
    changed = patch(demo, image, replace("colour", "red"))
    assert changed.status_code == 200 and "secret_code" not in changed.json()
    assert admin.get("image", f"/images/{image['id']}").json()["secret_code"] == "7"
    assert patch(admin, image, gone).status_code == 200


@pytest.mark.parametrize("guarded", ["roles"], indirect=True)
def test_nobody_changes_what_is_nobodys(guarded: TestCloud) -> None:
    admin, demo = guarded.client("admin"), guarded.client("demo")
    image = make(demo, fixed_size="1")
    assert image["fixed_size"] == "1"
    assert patch(admin, image, replace("fixed_size", "2")).status_code == 403
    gone = {"op": "remove", "path": "/fixed_size"}
    assert patch(demo, image, gone).status_code == 403
    assert patch(admin, image, gone).status_code == 200


def test_what_no_rule_names_is_nobodys(tmp_path: Path) -> None:
    rules = tmp_path / "rules.conf"
    rules.write_text(ROLES.partition("[.*]")[0])
    cloud = TestCloud(tmp_path / "cloud", image={"property_protection_file": str(rules)})
    try:
        demo: Client = cloud.client("demo")
        assert demo.post("image", "/images", json={"colour": "blue"}).status_code == 403
        assert demo.post("image", "/images", json={"name": "plain"}).status_code == 201
    finally:
        cloud.close()


@pytest.mark.parametrize(
    "text",
    [
        "[(]\ncreate=@\nread=@\nupdate=@\ndelete=@\n",
        "[a]\ncreate=@\n",
        "[a]\ncreate=@,!\nread=@\nupdate=@\ndelete=@\n",
        "create=@\n",
    ],
)
def test_rules_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    rules = tmp_path / "rules.conf"
    rules.write_text(text)
    with pytest.raises(ConfigError, match="property_protection_file"):
        property_rules.read(rules, by_policy=False)
    with pytest.raises(ConfigError):
        property_rules.read(tmp_path / "nothing", by_policy=False)
