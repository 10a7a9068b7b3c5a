"""Values of the configuration that cannot be are refused before any process works with them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import msgspec.inspect
import pytest

from stratolith.deploy import config_file, up, validation
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.steps import Report
from stratolith.deploy.supervision import process
from stratolith.kernel import config
from stratolith.kernel.config import ConfigError

BAD_SETTINGS = [
    "api: {threads: many}",
    "api: {listen: ''}",
    "api: {port: 0}",
    "api: {port_offset: 60000}",
    "cloud: {regoin: x}",
    "cloud: {public_url: 'ftp://x'}",
    "database: {url: 'mysql://x'}",
    "log: {level: LOUD}",
    "identity: {password_regex: '('}",
    "image: {extra_stores: [a/b]}",
    "image: {extra_stores: [file]}",
    "image: {store_dir: images}",
    "image: {import_ports: [0]}",
    "image: {import_methods: [magic]}",
    "image: {import_private_networks: [10.0.0.1/8]}",
    "network: {private_cidr: 10.0.0.1/24}",
    "network: {private_cidr: 224.0.0.0/24}",
    "network: {private_cidr: 'fd00::/64'}",
    "network: {private_ipv6_cidr: 10.0.0.0/24}",
    "network: {private_ipv6_cidr: 'fd00::/56'}",
    "network: {private_ipv6_cidr: 'fe80::/64'}",
    "network: {private_ipv6_cidr: 'ff05::/64'}",
    "network: {external_bridge: a-name-that-is-too-long}",
    "network: {dns_nameservers: [nowhere]}",
    "network: {dhcp_domain: 'a b'}",
    "hosts: {listen: 'here'}",
    "network: {vni_min: 9000, vni_max: 8000}",
    "network: {tunnel_ranges: ['geneve:9:8']}",
    "network: {flat_networks: ['a b']}",
    "compute: {scheduler: best}",
    "compute: {default_availability_zone: 'a:b'}",
    "nosuch: {a: 1}",
]
# Texts that may be anything a person writes.
FREE_TEXT = {
    "cloud.region",
    "identity.password_regex_description",
    "compute.default_availability_zone",
    "image.import_inject_ignore_roles",
}
HOSTILE = "no/such thing\n; \u202e("


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = locate(str(tmp_path / "cloud"))
    found.config.parent.mkdir(parents=True)
    return found


def judge(layout: Layout, text: str) -> None:
    layout.config.write_text(text)
    validation.wished_settings(layout, {}, is_new=False)


@pytest.mark.parametrize("text", BAD_SETTINGS)
def test_a_value_that_cannot_be_is_refused_by_name(layout: Layout, text: str) -> None:
    section, key = text.split(":")[0], text.split("{")[1].split(":")[0]
    with pytest.raises(ConfigError) as refused:
        judge(layout, text)
    assert section in str(refused.value)
    assert key in str(refused.value) or section == "nosuch"


def text_keys() -> list[str]:
    """Every key that is a text or a list of texts; new ones are found by themselves."""
    found = []
    for name, kind in config_file.sections().items():
        declared = msgspec.inspect.type_info(kind)
        assert isinstance(declared, msgspec.inspect.StructType)
        for field in declared.fields:
            type_ = field.type
            while isinstance(type_, msgspec.inspect.Metadata):
                type_ = type_.type
            item = getattr(type_, "item_type", type_)
            if isinstance(item, msgspec.inspect.StrType):
                found.append(f"{name}.{field.name}")
    return found


@pytest.mark.parametrize("key", text_keys())
def test_every_text_is_judged(layout: Layout, key: str) -> None:
    section, name = key.split(".")
    default = getattr(config_file.sections()[section](), name)
    value = [HOSTILE] if isinstance(default, list) else HOSTILE
    if key in FREE_TEXT:
        value = ["free"] if isinstance(default, list) else "free"
        judge(layout, str({section: {name: value}}))
        return
    with pytest.raises(ConfigError, match=section):
        judge(layout, msgspec.yaml.encode({section: {name: value}}).decode())


SECRET_URLS = [
    "postgresql://u:secret@db.example.org/x",
    "postgresql+psycopg://u:@db.example.org/x",
    "postgresql://:secret@/x",
    "postgresql:///x?host=db.example.org&password=secret",
    "postgresql://u@db.example.org/x?sslmode=require&sslpassword=secret",
]
OPEN_URLS = [
    "postgresql://u@db.example.org:5432/x",
    "postgresql://db.example.org:5432/x?sslmode=verify-full",
    "postgresql:///x?host=/run/postgresql",
    "postgresql://[::1]:5432/a:b@c",
]


@pytest.mark.parametrize("url", SECRET_URLS)
def test_a_password_that_others_may_read_is_refused(layout: Layout, url: str) -> None:
    text = msgspec.yaml.encode({"database": {"url": url}}).decode()
    with pytest.raises(ConfigError, match="database_password") as refused:
        judge(layout, text)
    assert "secret" not in str(refused.value).replace("secrets.json", "")
    with pytest.raises(ConfigError, match="database_password"):  # the server itself says so, too
        process.run("server", str(layout.config), str(layout.state_dir))
    layout.config.chmod(0o640)
    judge(layout, text)
    judge(layout, "database: {}")
    layout.config.chmod(0o644)
    more = layout.config.parent / "conf.d" / "db.yaml"
    more.parent.mkdir()
    more.write_text(text)
    with pytest.raises(ConfigError, match=r"db\.yaml"):
        judge(layout, "database: {}")


@pytest.mark.parametrize("url", OPEN_URLS)
def test_a_url_without_a_password_may_be_read(layout: Layout, url: str) -> None:
    judge(layout, msgspec.yaml.encode({"database": {"url": url}}).decode())


def test_a_closed_configuration_stays_closed(layout: Layout) -> None:
    layout.config.write_text("database: {}\n")
    layout.config.chmod(0o640)
    up.Up(layout, up.Wishes(fake=True), Report())._configure()
    assert layout.config.stat().st_mode & 0o777 == 0o640
    assert "fake: true" in layout.config.read_text()


def test_the_one_port_must_not_be_a_classic_one(layout: Layout) -> None:
    with pytest.raises(ConfigError, match=r"api\.port"):
        judge(layout, "api: {port: 8774}")
    judge(layout, "api: {port: 8774, single_port: true}")


def test_the_sample_is_judged_well(layout: Layout) -> None:
    judge(layout, config_file.sample(config_file.sections(), {}))


@pytest.mark.parametrize("name", ["API_TREADS", "COMPUTE_SCHEDULR", "X", "CLOUD_STATEDIR"])
def test_a_variable_that_sets_nothing_is_refused(name: str) -> None:
    kinds = config_file.sections()
    with pytest.raises(ConfigError, match=f"STRATOLITH_{name}"):
        config.require_known_variables(kinds, {f"STRATOLITH_{name}": "1"})
    config.require_known_variables(kinds, {"STRATOLITH_API_THREADS": "1", "PATH": "/bin"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("identity:create_usr: '@'", "did you mean identity:create_user"),
        ("identity:create_user: (", "identity:create_user"),
        ("- x", "mapping"),
        ("a: [", "policy.yaml"),
        ("identity:create_user: 5", "must be text"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(layout: Layout, text: str, reason: str) -> None:
    (layout.state_dir / "policy.yaml").write_text(text)
    with pytest.raises(DeployError, match=reason):
        validation.require_policies(layout.state_dir)


def test_own_rules_that_others_use_are_fine(layout: Layout) -> None:
    text = "helpdesk: role:helpdesk\nidentity:list_users: rule:helpdesk or role:admin\n"
    (layout.state_dir / "policy.yaml").write_text(text)
    validation.require_policies(layout.state_dir)
