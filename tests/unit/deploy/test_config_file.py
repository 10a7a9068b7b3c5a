"""The generated configuration file: complete, loadable, and kind to the user's edits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import pytest
import yaml

from stratolith import services
from stratolith.deploy import config_file
from stratolith.kernel import config
from stratolith.kernel.config import ApiSection, CloudSection, ConfigError, Section


class BlockStorageSection(Section):
    """A section of a service."""

    size: Annotated[int, msgspec.Meta(description="How large, in GiB.", ge=1)] = 3


KINDS = {**config.KERNEL_SECTIONS, "block_storage": BlockStorageSection}


def load(tmp_path: Path, text: str) -> config.Settings:
    path = tmp_path / "stratolith.yaml"
    path.write_text(text)
    return config.load({"block_storage": BlockStorageSection}, path, {})


def test_every_key_of_every_service_is_documented() -> None:
    assert config_file.undocumented(config_file.sections()) == []


def test_the_light_way_to_the_sections_finds_those_of_the_services() -> None:
    loaded = services.sections(services.load())
    assert config_file.sections() == {**config.KERNEL_SECTIONS, **loaded}


def test_the_sample_shows_each_key_as_a_comment_with_its_default(tmp_path: Path) -> None:
    text = config_file.sample(KINDS)
    for name, kind in KINDS.items():
        assert f"\n{name}:\n" in text
        for field in msgspec.structs.fields(kind):
            assert f"\n  # {field.name}: " in text
    assert load(tmp_path, text).of(ApiSection) == ApiSection()


def test_uncommenting_every_key_gives_the_defaults(tmp_path: Path) -> None:
    text = config_file.sample(KINDS).replace("\n  # ", "\n  ")
    settings = load(tmp_path, text)
    for name, kind in KINDS.items():
        assert settings.named(name) == kind()


def test_given_values_are_live(tmp_path: Path) -> None:
    text = config_file.sample(KINDS, {"api": {"port": 9999}, "cloud": {"fake": True}})
    settings = load(tmp_path, text)
    assert settings.of(ApiSection).port == 9999
    assert settings.of(CloudSection).fake is True
    assert settings.of(ApiSection).threads == ApiSection().threads


@pytest.mark.parametrize("value", ["a: b", "#x", "yes", "ü", "'", "10", "{x}"])
def test_any_text_survives_being_written(tmp_path: Path, value: str) -> None:
    text = config_file.sample(KINDS, {"cloud": {"region": value}})
    assert load(tmp_path, text).of(CloudSection).region == value


def test_setting_a_value_keeps_what_the_user_wrote(tmp_path: Path) -> None:
    text = config_file.sample(KINDS).replace("  # threads: ", "  threads: 32  # my machine, was ")
    text = config_file.set_values(text, {"api": {"port": 7000, "listen": "0.0.0.0"}})
    again = config_file.set_values(text, {"api": {"port": 7001}})
    api = load(tmp_path, again).of(ApiSection)
    assert (api.port, api.listen, api.threads) == (7001, "0.0.0.0", 32)
    assert "# my machine" in again
    assert again.count("port: 70") == 1


def test_a_value_is_set_in_a_file_without_the_key_or_the_section(tmp_path: Path) -> None:
    text = config_file.set_values("api:\n  threads: 4\n", {"api": {"port": 7000}})
    text = config_file.set_values(text, {"cloud": {"region": "Mine"}})
    settings = load(tmp_path, text)
    assert (settings.of(ApiSection).port, settings.of(ApiSection).threads) == (7000, 4)
    assert settings.of(CloudSection).region == "Mine"


def test_the_same_key_of_another_section_is_left_alone(tmp_path: Path) -> None:
    text = "cloud:\n  region: A\napi:\n  port: 1000\nblock_storage:\n  size: 2\n"
    changed = config_file.set_values(text, {"block_storage": {"size": 9}, "api": {"port": 5}})
    assert yaml.safe_load(changed) == {
        "cloud": {"region": "A"},
        "api": {"port": 5},
        "block_storage": {"size": 9},
    }


def test_show_gives_the_values_in_force(tmp_path: Path) -> None:
    settings = load(tmp_path, "block_storage:\n  size: 7\n")
    shown = config_file.show(KINDS, {name: settings.named(name) for name in KINDS})
    assert yaml.safe_load(shown)["block_storage"] == {"size": 7}
    assert yaml.safe_load(shown)["api"]["port"] == ApiSection().port


def test_light_commands_skip_sections_of_services_until_asked(tmp_path: Path) -> None:
    path = tmp_path / "stratolith.yaml"
    path.write_text("block_storage:\n  size: 8\n")
    environ = {"STRATOLITH_BLOCK_STORAGE_SIZE": "9"}
    with pytest.raises(ConfigError, match="unknown section 'block_storage'"):
        config.load({}, path, {})
    assert config.load({}, path, {}, others_allowed=True).of(BlockStorageSection).size == 8
    assert config.load({}, path, environ, others_allowed=True).of(BlockStorageSection).size == 9
    path.write_text("block_storage:\n  sise: 8\n")
    with pytest.raises(ConfigError, match=r"block_storage\.sise: unknown key"):
        config.load({}, path, {}, others_allowed=True).of(BlockStorageSection)
