"""Flavors of network services, their profiles, and routers of a flavor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client

from .conftest import Net

L3 = "L3_ROUTER_NAT"
DRIVER = "neutron.services.l3_router.service_providers.single_node.SingleNodeDriver"
UNKNOWN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def boss(admin: Client) -> Net:
    return Net(admin)


def _flavor(boss: Net, **values: Any) -> Any:
    return boss.post("/flavors", "flavor", **{"name": "plain", "service_type": L3, **values})


def _profile(boss: Net, **values: Any) -> Any:
    return boss.post("/service_profiles", "service_profile", **{"driver": DRIVER, **values})


def _join(boss: Net, flavor: Any, profile: Any, status: int = 201) -> Any:
    body = {"service_profile": {"id": profile["id"]}}
    return boss.raw("POST", f"/flavors/{flavor['id']}/service_profiles", status, body)


def test_a_router_of_a_flavor(net: Net, boss: Net) -> None:
    flavor, profile = _flavor(boss, description="one host"), _profile(boss)
    assert flavor == {
        "id": flavor["id"],
        "name": "plain",
        "description": "one host",
        "service_type": L3,
        "enabled": True,
        "service_profiles": [],
    }
    assert _join(boss, flavor, profile) == {"service_profile": {"id": flavor["id"]}}
    shown = net.get(f"/flavors/{flavor['id']}")["flavor"]
    assert shown["service_profiles"] == [profile["id"]]
    assert net.get("/flavors") == {"flavors": [shown]}
    following = net.get(f"/flavors/{flavor['id']}/next_providers")["next_providers"]
    assert following == [{"provider": "single_node", "driver": DRIVER}]
    router = net.post("/routers", "router", flavor_id=flavor["id"])
    assert router["flavor_id"] == flavor["id"]
    assert net.get(f"/routers/{router['id']}")["router"]["flavor_id"] == flavor["id"]
    assert net.post("/routers", "router")["flavor_id"] is None
    error = net.put(f"/routers/{router['id']}", "router", 400, flavor_id=flavor["id"])
    assert error["message"] == "Cannot update read-only attribute flavor_id"
    assert boss.delete(f"/flavors/{flavor['id']}", 409)["type"] == "FlavorInUse"
    net.delete(f"/routers/{router['id']}")
    boss.delete(f"/flavors/{flavor['id']}")
    boss.delete(f"/service_profiles/{profile['id']}")
    assert net.get(f"/flavors/{flavor['id']}", 404)["type"] == "FlavorNotFound"


def test_flavors_that_make_no_router(net: Net, boss: Net) -> None:
    error = net.post("/routers", "router", 404, flavor_id=UNKNOWN)
    assert error["message"] == f"Flavor {UNKNOWN} could not be found."
    assert net.post("/routers", "router", 404, flavor_id="x")["type"] == "FlavorNotFound"
    flavor = _flavor(boss)

    def refused(status: int) -> str:
        return str(net.post("/routers", "router", status, flavor_id=flavor["id"])["type"])

    assert refused(404) == "FlavorServiceProfileBindingNotFound"
    no_driver = _profile(boss, driver="", metainfo="{}")
    _join(boss, flavor, no_driver)
    assert refused(404) == "ServiceProfileDriverNotFound"
    path = f"/flavors/{flavor['id']}/service_profiles"
    boss.delete(f"{path}/{no_driver['id']}")
    _join(boss, flavor, _profile(boss, enabled=False))
    assert refused(503) == "ServiceProfileDisabled"
    boss.put(f"/flavors/{flavor['id']}", "flavor", enabled=False)
    assert refused(503) == "FlavorDisabled"


@pytest.mark.parametrize(
    ("values", "status", "type_"),
    [
        ({"service_type": "BOGUS"}, 400, "InvalidServiceType"),
        ({"service_type": None}, 400, "InvalidServiceType"),
        ({"service_type": []}, 400, "InvalidServiceType"),
        ({"name": "f" * 256}, 400, "HTTPBadRequest"),
        ({"name": None}, 400, "HTTPBadRequest"),
        ({"enabled": "x"}, 400, "InvalidInput"),
        ({"service_profiles": ["x"]}, 400, "HTTPBadRequest"),
        ({"bogus": 1}, 400, "HTTPBadRequest"),
        ({"id": UNKNOWN}, 400, "HTTPBadRequest"),
    ],
)
def test_bad_flavors(boss: Net, values: Any, status: int, type_: str) -> None:
    body = {"service_type": L3, **values}
    assert boss.post("/flavors", "flavor", status, **body)["type"] == type_


def test_flavors_are_made_one_by_one(boss: Net) -> None:
    error = boss.raw("POST", "/flavors", 400, {"flavors": [{"service_type": L3}]})
    assert error["message"] == "Bulk operation not supported"
    error = boss.post("/flavors", "flavor", 400)
    assert "'service_type' not specified" in error["message"]


@pytest.mark.parametrize(
    ("values", "status", "type_"),
    [
        ({"driver": ""}, 400, "ServiceProfileEmpty"),
        ({"driver": "x.y"}, 404, "ServiceProfileDriverNotFound"),
        ({"driver": 5}, 400, "HTTPBadRequest"),
        ({"metainfo": {"a": 1}}, 400, "HTTPBadRequest"),
        ({"enabled": "x"}, 400, "InvalidInput"),
    ],
)
def test_bad_profiles(boss: Net, values: Any, status: int, type_: str) -> None:
    body = {"driver": DRIVER, **values}
    assert boss.post("/service_profiles", "service_profile", status, **body)["type"] == type_


def test_profiles_in_use_stay_as_they_are(boss: Net) -> None:
    flavor, profile = _flavor(boss), _profile(boss)
    path = f"/service_profiles/{profile['id']}"
    assert boss.put(path, "service_profile", description="d")["description"] == "d"
    error = boss.put(path, "service_profile", 404, driver="x")
    assert error["type"] == "ServiceProfileDriverNotFound"
    _join(boss, flavor, profile)
    assert _join(boss, flavor, profile, 409)["type"] == "FlavorServiceProfileBindingExists"
    error = boss.put(path, "service_profile", 409, description="e")
    assert error["type"] == "ServiceProfileInUse"
    assert boss.delete(path, 409)["type"] == "ServiceProfileInUse"
    binding = f"/flavors/{flavor['id']}/service_profiles/{profile['id']}"
    boss.delete(binding)
    error = boss.delete(binding, 404)
    assert error["type"] == "FlavorServiceProfileBindingNotFound"
    boss.delete(path)
    assert boss.get(path, 404)["type"] == "ServiceProfileNotFound"


def test_bad_bindings(boss: Net) -> None:
    flavor, profile = _flavor(boss), _profile(boss)
    assert _join(boss, flavor, {"id": UNKNOWN}, 404)["type"] == "ServiceProfileNotFound"
    assert _join(boss, {"id": UNKNOWN}, profile, 404)["type"] == "FlavorNotFound"
    path = f"/flavors/{flavor['id']}/service_profiles"
    for body in ({}, {"service_profile": {}}, {"service_profile": {"id": "x"}}):
        assert boss.raw("POST", path, 400, body)["type"] == "HTTPBadRequest"
    boss.raw("POST", path, 400, {"service_profile": {"id": profile["id"], "bogus": 1}})


def test_lists(boss: Net) -> None:
    one, two = _flavor(boss, name="a"), _flavor(boss, name="b", enabled=False, description="d")
    for query, found in {
        "name=a": [one],
        "enabled=false": [two],
        "description=d": [two],
        f"service_type={L3}&sort_key=name&sort_dir=desc": [two, one],
        "sort_key=name&sort_dir=asc&limit=1": [one],
        f"sort_key=name&sort_dir=asc&limit=1&marker={one['id']}": [two],
        f"id={one['id']}": [one],
    }.items():
        assert boss.get(f"/flavors?{query}")["flavors"] == found, query
    assert boss.get(f"/flavors?id={one['id']}&fields=name")["flavors"] == [{"name": "a"}]
    profile = _profile(boss, description="d", metainfo="m")
    for query in (f"driver={DRIVER}", "description=d", "enabled=true", f"id={profile['id']}"):
        assert boss.get(f"/service_profiles?{query}")["service_profiles"] == [profile]
    for path in ("/flavors?service_profiles=x", "/service_profiles?metainfo=m", "/flavors?tags=x"):
        assert "invalid attribute for filtering" in boss.get(path, 400)["message"]


def test_members_see_flavors_and_no_profiles(net: Net, boss: Net) -> None:
    flavor, profile = _flavor(boss), _profile(boss)
    assert net.get("/flavors")["flavors"] == [flavor]
    assert net.get("/service_profiles") == {"service_profiles": []}
    net.get(f"/service_profiles/{profile['id']}", 403)
    net.post("/flavors", "flavor", 403, service_type=L3)
    net.put(f"/flavors/{flavor['id']}", "flavor", 403, name="x")
    net.delete(f"/flavors/{flavor['id']}", 403)
    net.post("/service_profiles", "service_profile", 403, driver=DRIVER)
    _join(net, flavor, profile, 403)
    net.delete(f"/flavors/{flavor['id']}/service_profiles/{profile['id']}", 403)


def test_providers(net: Net) -> None:
    provider = {"service_type": L3, "name": "single_node", "default": True}
    assert provider in net.get("/service-providers")["service_providers"]


def test_a_flavor_of_routers_on_several_hosts(boss: Net, net: Net) -> None:
    driver = DRIVER.replace("single_node.SingleNodeDriver", "ha.HaDriver")
    flavors = {}
    for name, of in (("ha", driver), ("single_node", DRIVER)):
        flavors[name] = boss.post("/flavors", "flavor", name=name, service_type=L3)["id"]
        profile = boss.post("/service_profiles", "service_profile", driver=of)["id"]
        body = {"service_profile": {"id": profile}}
        boss.raw("POST", f"/flavors/{flavors[name]}/service_profiles", 201, body)
    router = net.post("/routers", "router", name="several", flavor_id=flavors["ha"])
    assert boss.get(f"/routers/{router['id']}")["router"]["ha"] is True
    router = boss.post("/routers", "router", name="one", flavor_id=flavors["single_node"])
    assert router["ha"] is False
    boss.put(f"/routers/{router['id']}", "router", admin_state_up=False)
    assert boss.put(f"/routers/{router['id']}", "router", 400, ha=True)["type"] == "InvalidInput"
    boss.put(f"/routers/{router['id']}", "router", ha=False)
    for name, wanted in (("ha", False), ("single_node", True)):
        refused = boss.post("/routers", "router", 400, name="r", flavor_id=flavors[name], ha=wanted)
        assert refused["type"] == "InvalidInput"
        assert refused["message"] == (
            f"Invalid input for operation: Provider {name} does not support ha={wanted}."
        )
