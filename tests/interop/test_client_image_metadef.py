"""The unmodified openstack client: metadata definitions."""

from __future__ import annotations

import json

import pytest

from tests.installation import Installation

from .image_shell import silent
from .openstack_client import Shell, of_user

SPACE = "OS::Story::Space"


@pytest.fixture
def shell(fake_cloud: Installation) -> Shell:
    return Shell(of_user(fake_cloud, "demo"))


def test_premade_definitions_are_there(shell: Shell) -> None:
    rows = shell("image metadef resource type list")
    assert {"OS::Glance::Image", "OS::Nova::Flavor"} <= {row["Name"] for row in rows}


def test_a_namespace(shell: Shell, admin_shell: Shell) -> None:
    made = admin_shell(
        f"image metadef namespace create --display-name Story --description Told --private "
        f"--protected {SPACE}"
    )
    assert (made["namespace"], made["visibility"], made["protected"]) == (SPACE, "private", True)
    assert shell.refused(f"image metadef namespace show {SPACE}")
    assert "403" in admin_shell.refused(f"image metadef namespace delete {SPACE}")
    admin_shell(
        f"image metadef namespace set --display-name Changed --description Again --public "
        f"--unprotected --tag one --tag two {SPACE}"
    )
    shown = shell(f"image metadef namespace show {SPACE}")
    assert (shown["display_name"], shown["description"]) == ("Changed", "Again")
    assert SPACE in {row["namespace"] for row in shell("image metadef namespace list")}
    for options, there in (("--visibility public", True), ("--visibility private", False)):
        rows = admin_shell(f"image metadef namespace list {options}")
        assert (SPACE in {row["namespace"] for row in rows}) is there, options
    admin_shell(f"image metadef namespace unset --tag one {SPACE}")
    admin_shell(f"image metadef namespace unset --all-tags {SPACE}")
    assert "403" in shell.refused(f"image metadef namespace set --description x {SPACE}")
    admin_shell(f"image metadef namespace delete {SPACE}")
    assert SPACE not in {row["namespace"] for row in admin_shell("image metadef namespace list")}


@pytest.fixture
def space(admin_shell: Shell) -> str:
    admin_shell(f"image metadef namespace create --public {SPACE}")
    return SPACE


def test_objects_properties_and_resource_types(
    shell: Shell, admin_shell: Shell, space: str
) -> None:
    schema = json.dumps({"minimum": 1, "maximum": 9, "description": "How many"})
    made = admin_shell(
        f"image metadef property create --name count --title Count --type integer "
        f"--schema '{schema}' {space}"
    )
    assert (made["name"], made["title"], made["type"]) == ("count", "Count", "integer")
    admin_shell(
        f"image metadef property set --title Counted --type integer --schema '{schema}' "
        f"{space} count"
    )
    assert shell(f"image metadef property show {space} count")["title"] == "Counted"
    assert [row["name"] for row in shell(f"image metadef property list {space}")] == ["count"]
    made = admin_shell(f"image metadef object create --namespace {space} thing")
    assert made["name"] == "thing"
    silent(admin_shell, f"image metadef object update --name other {space} thing")
    assert shell(f"image metadef object show {space} other")["name"] == "other"
    assert [row["name"] for row in shell(f"image metadef object list {space}")] == ["other"]
    assert shell.refused(f"image metadef object property show {space} other nothing")
    made = admin_shell(
        f"image metadef resource type association create --properties-target image {space} "
        "OS::Glance::Image"
    )
    assert made["name"] == "OS::Glance::Image"
    rows = shell(f"image metadef resource type association list {space}")
    assert [row["Name"] for row in rows] == ["OS::Glance::Image"]
    rows = shell("image metadef namespace list --resource-types OS::Glance::Image")
    assert space in {row["namespace"] for row in rows}
    assert "403" in shell.refused(f"image metadef object delete {space} other")
    admin_shell(f"image metadef resource type association delete {space} OS::Glance::Image")
    admin_shell(f"image metadef object delete {space} other")
    admin_shell(f"image metadef property delete {space} count")
    assert shell(f"image metadef property list {space}") == []
    admin_shell(f"image metadef namespace delete {space}")
