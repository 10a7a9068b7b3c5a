"""The rules that ask for attributes of the target."""

from __future__ import annotations

from stratolith.kernel.auth import Identity
from stratolith.kernel.policy.enforcer import Policies
from stratolith.network.policies import RULES

POLICIES = Policies({"network": RULES})
MEMBER = Identity(user_id="u", project_id="p1", roles=("member", "reader"))


def allowed(rule: str, **target: object) -> bool:
    return POLICIES.allows("network", rule, MEMBER, target)


def test_fields_of_the_target_decide() -> None:
    assert allowed("get_network", project_id="p2", shared=True)
    assert not allowed("get_network", project_id="p2", shared=False)
    assert allowed("get_network", **{"project_id": "p2", "router:external": True})


def test_patterns_decide() -> None:
    owner = {"network:project_id": "p2", "project_id": "p1"}
    assert allowed("create_port:device_owner", device_owner="compute:nova", **owner)
    assert not allowed("create_port:device_owner", device_owner="network:dhcp", **owner)
    assert allowed("delete_port", device_owner="", **owner)
    assert not allowed("delete_port", device_owner="compute:nova", **owner)


def test_only_administrators_share_with_everybody() -> None:
    mine = {"project_id": "p1"}
    assert allowed("create_rbac_policy:target_tenant", target_tenant="p2", **mine)
    assert not allowed("create_rbac_policy:target_tenant", target_tenant="*", **mine)
