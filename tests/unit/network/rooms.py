"""A network service alone on a database: for tests below the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from stratolith import server
from stratolith.kernel import config, files, quota
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.db import Base
from stratolith.kernel.environment import Environment
from stratolith.network.models import DefaultSecurityGroupRule
from stratolith.network.service import SERVICE
from stratolith.network.settings import NetworkSettings
from tests.testcloud.databases import empty_url

MEMBER = Identity(user_id="u1", project_id="p1", roles=("member", "reader"))


def environment(
    folder: Path, hosts: dict[str, object] | None = None, **network: object
) -> Environment:
    folder.mkdir(parents=True, exist_ok=True)
    # for what servers of one database share, such as the authority of hosts
    files.write(folder / "secrets.json", '{"database_key": "key"}')
    overrides: dict[str, dict[str, object]] = {
        "cloud": {"state_dir": str(folder), "run_dir": str(folder / "run")},
        "database": {"url": empty_url()},
        "network": network,
        "hosts": hosts or {},
    }
    settings = config.load({"network": NetworkSettings}, overrides=overrides)
    env = server.make_environment(settings, [SERVICE])
    Base.metadata.create_all(env.db.engine)
    _seed(env)
    return env


def _seed(env: Environment) -> None:
    """What the migrations put into the tables."""
    ctx = Context(env, SERVICE, identity=MEMBER, write=True)
    for direction, remote in (("egress", None), ("ingress", "PARENT")):
        for ethertype in ("IPv4", "IPv6"):
            ctx.session.add(
                DefaultSecurityGroupRule(
                    project_id="",
                    direction=direction,
                    ethertype=ethertype,
                    remote_group_id=remote,
                    used_in_default_sg=True,
                    used_in_non_default_sg=direction == "egress",
                )
            )
    ctx.commit()


def context(env: Environment, *, identity: Identity = MEMBER, write: bool = True) -> Context:
    return Context(env, SERVICE, identity=identity, write=write)


def of_hosts(tmp_path: Path, hosts: Sequence[str], *, unlimited: Iterable[str]) -> Environment:
    """An environment with these hosts, which may reach each other by tunnels; project p1 may have
    any number of the resources in ``unlimited``.
    """
    made = environment(tmp_path)
    ctx = context(made)
    for name in unlimited:
        quota.set_limit(ctx, "p1", name, -1, made.service("network"))
    ctx.commit()
    assert made.agents is not None
    for number, host in enumerate(hosts):
        offers = Offers(tunnel_address=f"192.0.2.{number}")
        made.agents.seen(host, "1", ["network"], made.clock.now(), offers)
    return made
