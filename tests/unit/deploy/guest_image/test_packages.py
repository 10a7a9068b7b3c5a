"""The package cache: complete means no program and no network is needed."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from stratolith.deploy.guest_image import GuestImageError, packages
from stratolith.deploy.guest_image.architectures import NAMES, architecture

AMD64 = architecture("amd64")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A complete cache, on a machine where neither apt nor dpkg can be found."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    directory = tmp_path / "cache/packages-amd64"
    directory.mkdir(parents=True)
    manifest = {}
    names = [*packages.PACKAGES, packages.SHELL_PACKAGE, *AMD64.boot_packages]
    for name in [*names, "linux-image-6.1.0-1-cloud-amd64"]:
        file = directory / f"{name}_1.0_amd64.deb"
        file.write_text(name)
        manifest[file.name] = hashlib.sha256(name.encode()).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path / "cache"


def test_complete_cache_is_enough(cache: Path) -> None:
    said: list[str] = []
    files = packages.fetch(AMD64, cache, said.append)
    assert len(files) == len(list((cache / "packages-amd64").glob("*.deb")))
    assert "cache" in said[0]


@pytest.mark.parametrize(
    "name", ["sudo_1.0_amd64.deb", "linux-image-6.1.0-1-cloud-amd64_1.0_amd64.deb"]
)
@pytest.mark.parametrize("harm", ["missing", "damaged", "unlisted"])
def test_incomplete_cache_is_not_used(cache: Path, name: str, harm: str) -> None:
    file = cache / "packages-amd64" / name
    if harm == "missing":
        file.unlink()
    elif harm == "damaged":
        file.write_text("other")
    else:
        manifest = cache / "packages-amd64/manifest.json"
        known = json.loads(manifest.read_text())
        del known[name]
        manifest.write_text(json.dumps(known))
    with pytest.raises(GuestImageError, match="not installed"):
        packages.fetch(AMD64, cache, print)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"a": 1}'])
def test_broken_manifest_is_not_used(cache: Path, text: str) -> None:
    (cache / "packages-amd64/manifest.json").write_text(text)
    with pytest.raises(GuestImageError, match="not installed"):
        packages.fetch(AMD64, cache, print)


@pytest.mark.parametrize("arch", NAMES)
def test_packages_are_listed_once(arch: str) -> None:
    boot = architecture(arch).boot_packages
    names = [*packages.PACKAGES, packages.SHELL_PACKAGE, *boot]
    assert len(names) == len(set(names))


def test_each_architecture_has_its_own_cache(cache: Path) -> None:
    with pytest.raises(GuestImageError, match="not installed"):
        packages.fetch(architecture("arm64"), cache, print)


def test_absolute_links_of_a_package_stay_inside_it(tmp_path: Path) -> None:
    """Not so, a guest built on another release gets that release's loader for its own libc."""
    content = tmp_path / "content"
    (content / "DEBIAN").mkdir(parents=True)
    (content / "DEBIAN/control").write_text(
        "Package: loader\nVersion: 1\nArchitecture: all\nMaintainer: t <t@t>\nDescription: t\n"
    )
    (content / "etc").mkdir()
    (content / "lib64").mkdir()
    (content / "etc/hostname").write_text("of the package")
    (content / "lib64/ld.so").symlink_to("/etc/hostname")  # which this machine has, too
    (content / "lib64/etc").symlink_to("/etc")
    (content / "lib64/relative").symlink_to("../etc/hostname")
    (content / "lib64/gone").symlink_to("/etc/passwd")
    package = tmp_path / "loader_1_all.deb"
    subprocess.run(["dpkg-deb", "-b", content, package], check=True, stdout=subprocess.DEVNULL)
    place = tmp_path / "unpacked"
    packages.unpack([package], place, tmp_path / "shell")
    for name in ("ld.so", "etc/hostname", "relative"):
        assert (place / "lib64" / name).read_text() == "of the package", name
    assert not (place / "lib64/gone").exists()
