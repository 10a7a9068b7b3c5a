"""A package beside ours adds a service, drivers, a filter and a weigher to a running cloud."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient
from stratolith.deploy.errors import DeployError
from stratolith.kernel import plugins
from tests.installation import Installation, free_offset
from tests.plugins import install_broken, install_sample

PORT = 8790
SETTINGS = """\
compute: {driver: sample, scheduler: sample}
network: {driver: sample}
greeting: {word: welcome}
"""


def with_packages(place: Path, site: Path) -> Installation:
    """A cloud whose Python has the packages of ``site``."""
    found = Installation(place, free_offset())
    found.environment["PYTHONPATH"] = str(site)
    return found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One with the sample package, whose drivers, filter and weigher are in use."""
    place = tmp_path_factory.mktemp("plugins")
    found = with_packages(place, install_sample(place))
    found.up()
    part = found.state_dir / "etc" / "conf.d"
    part.mkdir(exist_ok=True)
    (part / "sample.yaml").write_text(SETTINGS)
    found.up()
    yield found
    found.run("destroy", "--yes")
    assert not found.state_dir.exists(), "what its drivers kept is gone, too"


@pytest.fixture(scope="module")
def admin(cloud: Installation) -> ApiClient:
    settings = cloud.layout.settings()
    return ApiClient(credentials.access(cloud.layout, settings), "admin")


def wait_for(check: Callable[[], Any]) -> Any:
    end = time.monotonic() + 30
    while not (found := check()):
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.1)
    return found


def server(admin: ApiClient, name: str, vcpus: int) -> dict[str, Any]:
    """Make a server with so many processors and wait for what becomes of it."""
    flavor = {"name": name, "vcpus": vcpus, "ram": 64, "disk": 1}
    flavor_id = admin.post("compute", "/flavors", {"flavor": flavor})["flavor"]["id"]
    image = admin.get("image", "/v2/images?name=cirros")["images"][0]["id"]
    body = {"name": name, "flavorRef": flavor_id, "imageRef": image, "networks": "none"}
    made = admin.post("compute", "/servers", {"server": body}, version="2.37")["server"]

    def ended() -> dict[str, Any] | None:
        found = admin.get("compute", f"/servers/{made['id']}")["server"]
        return found if found["status"] in ("ACTIVE", "ERROR") else None

    found: dict[str, Any] = wait_for(ended)
    return found


def test_the_service_answers_on_its_port_and_its_agent_room_works(
    cloud: Installation, admin: ApiClient
) -> None:
    url = f"http://127.0.0.1:{PORT + cloud.offset}/v1/greetings"
    assert httpx.get(url).status_code == 401, "its rule is asked"
    found = wait_for(lambda: admin.get("greeting", "/greetings")["greetings"])
    host = found[0]["host"]
    assert found[0]["heard"] == f"welcome {host}"
    assert admin.get("greeting", f"/greetings/{host}") == {"greeting": found[0]}
    assert admin.get("greeting", f"/greetings?host={host}") == {"greetings": found}
    assert admin.get("greeting", "/greetings?host=nobody") == {"greetings": []}
    admin.delete("greeting", f"/greetings/{host}")
    with pytest.raises(DeployError, match="heard nothing"):
        admin.get("greeting", "/greetings/nobody")


def test_the_catalogue_names_it(cloud: Installation) -> None:
    root = httpx.get(f"http://127.0.0.1:{8700 + cloud.offset}/").json()
    assert {"type": "greeting", "path": "/greeting"} in root["services"]


def test_commands_know_it(cloud: Installation) -> None:
    assert "greeting:\n" in cloud.run("config", "sample").stdout
    assert "word: welcome" in cloud.run("config", "show").stdout
    assert f"port {PORT + cloud.offset} (greeting)" in cloud.run("check", "--fake").stdout
    assert "/v1/greetings GET" in cloud.run("logs", "greeting").stdout


def test_the_drivers_are_chosen_by_configuration(cloud: Installation, admin: ApiClient) -> None:
    [host] = admin.get("compute", "/os-hypervisors/detail")["hypervisors"]
    assert host["hypervisor_type"] == "SAMPLE"
    assert json.loads(cloud.run("status", "--json").stdout)["hosts"][0]["type"] == "SAMPLE"


def test_the_filter_and_the_weigher_take_part(cloud: Installation, admin: ApiClient) -> None:
    assert server(admin, "small", 2)["status"] == "ACTIVE"
    refused = server(admin, "large", 16)
    assert refused["status"] == "ERROR"
    assert "SampleFilter: " in refused["fault"]["details"]
    assert "takes no server of 16 processors" in refused["fault"]["details"]
    kept = list((cloud.state_dir / "plugins" / "sample").iterdir())
    assert len(kept) == 1, "its driver has the guest"


def test_verify_passes(cloud: Installation) -> None:
    assert "The cloud works" in cloud.run("verify").stderr


@pytest.mark.parametrize("group", [plugins.SERVICES, plugins.FILTERS, plugins.WEIGHERS])
def test_what_cannot_be_loaded_is_refused_before_anything_is_made(
    tmp_path: Path, group: str
) -> None:
    install_broken(tmp_path / "site", group, "odd", "broken_one:thing")
    found = with_packages(tmp_path, tmp_path / "site")
    answer = found.up(expect=1)
    assert answer.stderr.count("\n") == 1
    sentence = f"The plug-in 'odd' ({group}) of the package broken-one 0.3 cannot be loaded: "
    assert answer.stderr.startswith(f"stratolith: {sentence}ModuleNotFoundError")
    assert not found.state_dir.exists()


def test_the_server_itself_refuses_to_start(tmp_path: Path) -> None:
    install_broken(tmp_path / "site", plugins.FILTERS, "odd", "broken_one:thing")
    found = with_packages(tmp_path, tmp_path / "site")
    answer = found.run("server", expect=1)
    assert "of the package broken-one 0.3 cannot be loaded" in answer.stderr


def test_a_service_that_is_gone_leaves_the_cloud_whole(cloud: Installation) -> None:
    """Last of this module: the package is taken out of the environment."""
    (cloud.state_dir / "etc" / "conf.d" / "sample.yaml").unlink()
    site = cloud.environment.pop("PYTHONPATH")
    try:
        cloud.up()
        assert "The cloud works" in cloud.run("verify").stderr
        later = ApiClient(credentials.access(cloud.layout, cloud.layout.settings()), "admin")
        [entry] = later.get("identity", "/services?type=greeting")["services"]
        assert entry["name"] == "greeter"
        with pytest.raises(DeployError, match="has no service 'greeting'"):
            later.get("greeting", "/greetings")
    finally:
        cloud.environment["PYTHONPATH"] = site
