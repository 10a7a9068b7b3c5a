"""The definition of a service: all that the kernel needs to know about it, as data."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stratolith.kernel.auth import Authenticator
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.config import Section
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.microversion import Microversions
from stratolith.kernel.http.routing import EarlyChecks, Handler, Route
from stratolith.kernel.plate import Countable
from stratolith.kernel.policy.rules import Rule
from stratolith.kernel.reconcile.controller import Reconciler


@dataclass(frozen=True)
class AgentView:
    """A kind of desired state that agents fetch, with the report they send back.

    compile(ctx, host, keys) -> any msgspec-encodable value; keys None means everything.
    report(ctx, host, payload) -> None; payload is the decoded JSON of the agent.
    Both run in one transaction; compile reads, report writes.
    """

    name: str
    compile: Callable[[Context, str, list[str] | None], Any] | None = None
    report: Callable[[Context, str, Any], Any] | None = None


@dataclass(frozen=True)
class HostDuties:
    """A service's knowledge about hosts; the kernel calls these in a transaction.

    uses_image(ctx, host, image_id): whether the host needs the data of this image.
    holds(ctx, host): why the host cannot leave ("3 servers are on it"), "" if it can.
    left(ctx, host): the host has left; delete data about it.
    """

    uses_image: Callable[[Context, str, str], bool] | None = None
    holds: Callable[[Context, str], str] | None = None
    left: Callable[[Context, str], None] | None = None


@dataclass(frozen=True)
class Service:
    """A service: type, ports, rules, quotas, background work."""

    type: str  # official service type: "compute"
    name: str  # name in the catalog: "nova"
    port: int  # classic port
    mount: str  # prefix on the single port: "/compute"
    prefix: str  # version prefix of most routes: "/v2.1"
    errors: ErrorDialect
    routes: Sequence[Route]
    endpoint: str = ""  # path in the catalog after the root, e.g. "/v2.1"
    policies: Sequence[Rule] = ()
    # of ``policies``: who sees the resources of all projects; "": the role admin
    admin_rule: str = ""
    quotas: Sequence[Countable] = ()
    microversions: Microversions | None = None
    reconcilers: Sequence[builtins.type[Reconciler]] = ()
    agent_views: Sequence[AgentView] = ()
    host_duties: HostDuties = HostDuties()
    agent_routes: Sequence[Route] = ()  # further routes of the agent API (image data)
    settings: builtins.type[Section] | None = None  # section with the folder's name
    section: str = ""  # folder name; "" : type with "-" as "_"
    # Prefix with the routes of the lowest microversion for very old clients: requests cannot choose
    # another one, and unknown members of a body are dropped instead of refused.
    legacy_prefix: str = ""
    # Decode a query that is not UTF-8 with replacement characters instead of refusing it.
    garbled_query: bool = False
    # Allow a project id between prefix and path, as in older catalogs.
    project_in_path: bool = False
    # Allow paths that end in ".json", as used by old clients.
    json_suffix: bool = False
    # Meaning of a double slash in a path, which old clients make by joining parts of a URL:
    # "refused" (404), "ignored", "redirected" (to the path with one slash), "ignored below" (the
    # prefix; 404 elsewhere).
    doubled_slash: str = "refused"
    # Whether a path may end in a slash; otherwise 404 (except version documents).
    trailing_slash: bool = True
    # Prefixes below which an unknown path or method needs a token before it is refused; None: the
    # whole service, empty: nowhere.
    token_first: Sequence[str] | None = None
    # Which checks run before the policy: upstream's services differ.
    early_checks: EarlyChecks = EarlyChecks.NOTHING
    elsewhere: Handler | None = None  # answers each path outside token_first; None: 404
    answers_head: bool = True  # HEAD for all routes with GET; otherwise only for version documents
    tells_options: bool = True  # OPTIONS of a path lists its methods, without a token
    max_body: int = 0  # bytes of a JSON body, if less than api.max_body_mb
    in_catalog: bool = True
    vary: str = ""  # request headers that answers may depend on, for caches of proxies
    request_id_header: str = ""  # a second name of the request id ("x-compute-request-id")
    aliases: Sequence[str] = ()  # further mounts on the port for all services
    # The folder of its migrations, if it has tables; their names begin with ``folder`` + "_".
    migrations: Path | None = None
    bootstrap: Callable[[Context, Seed], None] | None = None
    authenticator: Callable[[Environment], Authenticator] | None = None
    # Extra ports: name -> (port, routes); e.g. compute's metadata on 8775
    side_doors: Sequence[SideDoor] = field(default=())

    @cached_property
    def rule_names(self) -> frozenset[str]:
        return frozenset(rule.name for rule in self.policies)

    @property
    def folder(self) -> str:
        return self.section or self.type.replace("-", "_")


@dataclass(frozen=True)
class SideDoor:
    """A second port of a service that is not in the catalog (compute's metadata)."""

    name: str
    port: int
    mount: str
    routes: Sequence[Route]
    errors: ErrorDialect


def plates(env: Environment) -> Sequence[Service]:
    """The definitions of all services of a cloud."""
    services = [service for service in env.services if isinstance(service, Service)]
    assert len(services) == len(env.services)
    return services


def plate(env: Environment, type_: str) -> Service:
    """The definition of one service; raises KeyError."""
    service = env.service(type_)
    assert isinstance(service, Service)
    return service
