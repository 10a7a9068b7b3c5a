"""The unmodified openstack client: images, their attributes, filters, data, sharing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation

from .image_shell import create, silent, wait_for
from .openstack_client import Shell, of_user

DATA = bytes(range(256)) * 1024


@pytest.fixture
def shell(fake_cloud: Installation) -> Shell:
    return Shell(of_user(fake_cloud, "demo"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    path.write_bytes(DATA)
    return path


def test_an_image_comes_and_goes(shell: Shell, file: Path, tmp_path: Path) -> None:
    made = create(
        shell,
        "story",
        f"--file {file} --min-disk 1 --min-ram 64 --private --property colour=blue --tag a --tag b "
        "--id 5f0c0000-0000-4000-8000-000000000001",
    )
    assert made["id"] == "5f0c0000-0000-4000-8000-000000000001"
    assert made["status"] == "active" or wait_for(shell, "story")
    shown = shell("image show story")
    assert (shown["size"], shown["min_disk"], shown["min_ram"]) == (len(DATA), 1, 64)
    assert shown["visibility"] == "private" and shown["tags"] == ["a", "b"]
    assert shown["properties"]["colour"] == "blue" and shown["properties"]["os_hash_value"]
    saved = tmp_path / "saved"
    silent(shell, f"image save --file {saved} story")
    assert saved.read_bytes() == DATA
    silent(shell, f"image save --store-preference file --file {saved} story")
    shell("image delete story")
    assert "story" not in shell.names("image list")
    assert "No Image found" in shell.refused("image show story")


def test_attributes_are_set_and_unset(shell: Shell) -> None:
    create(shell, "plain", "--property colour=blue --property shape=round --tag a")
    shell(
        "image set --name changed --min-disk 2 --min-ram 128 --disk-format qcow2 "
        "--container-format ovf --protected --private --property colour=red --tag b "
        "--architecture x86_64 --os-distro debian --os-version 12 "
        "--kernel-id 5f0c0000-0000-4000-8000-0000000000aa "
        "--ramdisk-id 5f0c0000-0000-4000-8000-0000000000ab "
        "--instance-id 5f0c0000-0000-4000-8000-0000000000ac plain"
    )
    shown = shell("image show changed")
    assert (shown["min_disk"], shown["min_ram"]) == (2, 128)
    assert (shown["disk_format"], shown["container_format"]) == ("qcow2", "ovf")
    assert shown["protected"] is True and shown["visibility"] == "private"
    properties = shown["properties"]
    assert (properties["colour"], properties["shape"]) == ("red", "round")
    assert (properties["architecture"], properties["os_distro"]) == ("x86_64", "debian")
    assert sorted(shown["tags"]) == ["a", "b"]
    assert "403" in shell.refused("image delete changed")
    shell("image unset --tag a --property shape changed")
    shown = shell("image show changed")
    assert shown["tags"] == ["b"] and "shape" not in shown["properties"]
    shell("image set --unprotected --shared changed")
    shell("image delete changed")


def test_images_of_others_are_handled_by_administrators(
    shell: Shell, admin_shell: Shell, file: Path
) -> None:
    create(admin_shell, "given", f"--project demo --private --file {file}")
    wait_for(admin_shell, "given")
    assert "given" in shell.names("image list --private")
    assert "403" in shell.refused("image set --public given")
    admin_shell("image set --public given")
    shell("image set --deactivate given")
    assert shell("image show given")["status"] == "deactivated"
    assert shell.refused("image save --file /dev/null given")
    shell("image set --activate given")
    assert shell("image show given")["status"] == "active"
    assert "403" in shell.refused("image set --project admin given")
    admin_shell("image set --project admin --private given")
    assert "given" not in shell.names("image list")
    admin_shell("image delete given")


def test_lists_are_filtered_sorted_and_paged(shell: Shell, file: Path) -> None:
    create(shell, "list-1", f"--file {file} --private --property row=1 --tag even --tag all")
    owner = create(shell, "list-2", "--shared --property row=2 --tag all")["owner"]
    create(shell, "list-3", "--community --property row=2 --tag all")
    shell("image set --hidden list-3")
    ours = {"list-1", "list-2"}
    for options, wanted in {
        "--tag all": ours,
        "--tag all --tag even": {"list-1"},
        "--property row=2": {"list-2"},
        "--name list-1": {"list-1"},
        "--tag all --private": {"list-1"},
        "--tag all --shared": {"list-2"},
        "--tag all --status queued": {"list-2"},
        "--tag all --all": ours,
        "--tag all --hidden --community": {"list-3"},
        f"--tag all --project {owner} --long": ours,
        "--tag all --limit 1 --max-items 1 --sort name:desc": {"list-2"},
        "--tag all --sort name --limit 1": {"list-2"},
    }.items():
        assert shell.names(f"image list {options}") == wanted, options
    rows = shell("image list --tag all --sort status:asc,name:desc --long")
    assert [row["Name"] for row in rows] == ["list-1", "list-2"]
    assert (rows[0]["Size"], sorted(rows[0]["Tags"])) == (len(DATA), ["all", "even"])
    after = shell(f"image list --tag all --sort name --marker {rows[0]['ID']}")
    assert [row["Name"] for row in after] in ([], ["list-2"])
    shell("image set --unhidden list-3")
    shell("image delete list-1 list-2 list-3")


def test_an_image_is_shared(shell: Shell, admin_shell: Shell) -> None:
    image = create(admin_shell, "shared-one", "--shared")["id"]
    demo = admin_shell("project show demo")["id"]
    assert "No Image found" in shell.refused(f"image show {image}")
    admin_shell(f"image add project {image} demo")
    assert admin_shell(f"image member get {image} {demo}")["status"] == "pending"
    assert "shared-one" not in shell.names("image list --shared")
    assert "shared-one" in shell.names("image list --shared --member-status pending")
    # the owner cannot accept for the project, nor a member make members
    assert "403" in shell.refused(f"image add project {image} {demo}")
    shell(f"image set --accept {image}")
    assert "shared-one" in shell.names("image list --shared")
    rows = admin_shell(f"image member list {image}")
    assert [(row["Member ID"], row["Status"]) for row in rows] == [(demo, "accepted")]
    shell(f"image set --reject {image}")
    assert "shared-one" in shell.names("image list --shared --member-status rejected")
    shell(f"image set --pending {image}")
    assert shell(f"image member get {image} {demo}")["status"] == "pending"
    admin_shell(f"image remove project {image} demo")
    assert "No Image found" in shell.refused(f"image show {image}")
    admin_shell(f"image delete {image}")


def test_bad_lines_are_refused_with_a_reason(shell: Shell) -> None:
    image = create(shell, "bad")["id"]
    assert "409" in shell.refused(f"image create --id {image} bad")
    assert "413" in shell.refused(
        "image create --tag " + " --tag ".join(map(str, range(200))) + " x"
    )
    assert "No Image found" in shell.refused("image list --marker nothing")
    assert "403" in shell.refused("image set --property os_glance_x=1 bad")
    shell("image delete bad")
