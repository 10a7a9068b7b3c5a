"""How many statements a server costs: a bound, so that they do not creep up."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.managers import placement
from stratolith.network.reconcilers.host_report import take_report
from tests.testcloud import statements

from .conftest import World


def test_a_new_server_reads_its_projects_usage_once(world: World) -> None:
    def create() -> None:
        assert world.demo.post("compute", "/servers", json=world.body()).status_code == 202

    create()
    world.cloud.settle()
    sent = statements(world.cloud.env, create)
    usage = {
        statement for statement in sent if "(compute_servers." in statement.partition("FROM")[0]
    }
    assert len(usage) == 1 and "vcpus" in usage.pop()
    claimed = [statement for statement in sent if "placement_allocations" in statement]
    assert not any(statement.startswith("DELETE") for statement in claimed)


def test_a_report_without_news_writes_nothing_for_what_it_does_not_name(world: World) -> None:
    ctx = Context.of_the_cloud(world.cloud.env, world.cloud.env.service("network"), write=True)
    host = placement.choose(ctx)
    report = {"generation": 1, "ports": [], "networks": [], "routers": [], "floating_ips": []}
    sent = statements(world.cloud.env, lambda: take_report(ctx, host, {**report, "errors": {}}))
    ctx.close()
    assert len(sent) <= 8  # 4 on SQLite
    assert not any(statement.startswith("UPDATE") for statement in sent)
