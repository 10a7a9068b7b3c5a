"""A query that is not UTF-8: refused by the services whose real ones refuse it."""

from __future__ import annotations

from tests.testcloud import TestCloud

REFUSED = [
    ("compute", "/servers"),
    ("compute", "/extensions"),
    ("image", "/images"),
    ("network", "/networks"),
    ("placement", "/resource_providers"),
]


def test_refused(cloud: TestCloud) -> None:
    admin, nobody = cloud.client("admin"), cloud.anonymous()
    for service, path in REFUSED:
        for query in ("a=%ff", "%ff=a", "a=%c3&b=%a9"):
            answer = admin.get(service, f"{path}?{query}")
            assert answer.status_code == 400 and "UTF-8" in answer.text, (service, answer.text)
        assert nobody.get(service, f"{path}?a=%ff").status_code == 401
        # a lone sign stands for itself
        assert "UTF-8" not in admin.get(service, f"{path}?name=%").text


def test_identity_reads_it(cloud: TestCloud) -> None:
    assert cloud.client("admin").get("identity", "/users?a=%ff").status_code == 200
