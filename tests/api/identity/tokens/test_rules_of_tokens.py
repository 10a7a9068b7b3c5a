"""Rules that no smallest request of a route asks (tests/api/rules/rules_kept.py)."""

from __future__ import annotations

import pytest

from tests.testcloud import Client, TestCloud

COMPLIANCE = "/domains/default/config/security_compliance"


@pytest.mark.parametrize(
    ("rule", "method", "path", "done"),
    [
        ("validate_token", "GET", "/auth/tokens", 200),
        ("check_token", "HEAD", "/auth/tokens", 200),
        ("revoke_token", "DELETE", "/auth/tokens", 204),
        ("get_security_compliance_domain_config", "GET", COMPLIANCE, 200),
    ],
)
def test_it_decides(
    cloud: TestCloud, admin: Client, demo: Client, rule: str, method: str, path: str, done: int
) -> None:
    def status() -> int:
        headers = {"X-Subject-Token": demo.token}
        return admin.request(method, "identity", path, headers=headers).status_code

    policies = cloud.env.policies
    policies.override({f"identity:{rule}": "!"})
    assert status() == 403
    policies.override({f"identity:{rule}": "@"})
    assert status() == done
