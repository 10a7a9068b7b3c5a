"""The door plate of a service: everything the kernel needs to know, as data."""

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
from stratolith.kernel.http.routing import Handler, Judged, Route
from stratolith.kernel.plate import Countable
from stratolith.kernel.policy.rules import Rule
from stratolith.kernel.reconcile.controller import Reconciler


@dataclass(frozen=True)
class AgentView:
    """One kind of desired state that agents pull, and what they report back.

    compile(ctx, host, keys) -> any msgspec-encodable value; keys None means everything.
    report(ctx, host, payload) -> None; payload is the decoded JSON of the agent.
    Both run in one transaction; compile reads, report writes.
    """

    name: str
    compile: Callable[[Context, str, list[str] | None], Any] | None = None
    report: Callable[[Context, str, Any], Any] | None = None


@dataclass(frozen=True)
class HostDuties:
    """What a service has on hosts, asked by the kernel in a transaction.

    uses_image(ctx, host, image_id): whether the host needs the data of this image.
    holds(ctx, host): why the host cannot leave ("3 servers are on it"), "" when it can.
    left(ctx, host): it has left; forget what was known of it.
    """

    uses_image: Callable[[Context, str, str], bool] | None = None
    holds: Callable[[Context, str], str] | None = None
    left: Callable[[Context, str], None] | None = None


@dataclass(frozen=True)
class Service:
    """What a service is: type, doors, rules, quotas, background work."""

    type: str  # official service type: "compute"
    name: str  # catalogue name: "nova"
    port: int  # classic port
    mount: str  # prefix on the single port: "/compute"
    prefix: str  # version prefix of most routes: "/v2.1"
    errors: ErrorDialect
    routes: Sequence[Route]
    endpoint: str = ""  # what the catalogue shows after the root, e.g. "/v2.1"
    policies: Sequence[Rule] = ()
    admin_rule: str = ""  # of ``policies``: who sees the resources of all; "": the role admin
    quotas: Sequence[Countable] = ()
    microversions: Microversions | None = None
    reconcilers: Sequence[builtins.type[Reconciler]] = ()
    agent_views: Sequence[AgentView] = ()
    host_duties: HostDuties = HostDuties()
    agent_routes: Sequence[Route] = ()  # further routes of the agent API (image data)
    settings: builtins.type[Section] | None = None  # section named like the folder
    section: str = ""  # folder name; "" : type with "-" as "_"
    # Below this stand the routes of the lowest microversion for the oldest clients: a request can
    # ask for no other, and members of its body that no schema knows are dropped, not refused.
    legacy_prefix: str = ""
    # A query that is not UTF-8 is read with signs in place of its errors, not refused.
    garbled_query: bool = False
    # A project id may stand between prefix and path, as older catalogues have it.
    project_in_path: bool = False
    # A path may end in ".json", as old clients write it.
    json_suffix: bool = False
    # What a doubled slash in a path means, as old clients make it from two halves of a URL:
    # "refused" (there is no such path), "ignored", "redirected" (to the path with one slash),
    # "ignored below" (the prefix; before it there is no such path).
    doubled_slash: str = "refused"
    # Whether a path may end in a slash; where not, there is no such path (but version documents).
    trailing_slash: bool = True
    # Below these an unknown path or method asks for a token before it is refused; None: below all
    # of the service, empty: nowhere.
    token_first: Sequence[str] | None = None
    # How far requests are judged before the rights of who asks: upstream's services differ.
    judged_first: Judged = Judged.NOTHING
    elsewhere: Handler | None = None  # answers every path outside token_first; None: 404
    answers_head: bool = True  # HEAD of what has GET; where not, version documents alone have it
    tells_options: bool = True  # OPTIONS of any path tells its methods, without a token
    max_body: int = 0  # bytes of a JSON body, where less than api.max_body_mb is enough
    in_catalog: bool = True
    vary: str = ""  # request headers that any answer may depend on, for caches in between
    request_id_header: str = ""  # a second name of the request id ("x-compute-request-id")
    aliases: Sequence[str] = ()  # further mounts on the single port
    # The folder of its migrations, where it has tables; their names begin with ``folder`` + "_".
    migrations: Path | None = None
    bootstrap: Callable[[Context, Seed], None] | None = None
    authenticator: Callable[[Environment], Authenticator] | None = None
    # Extra doors: name of the door -> (port, routes); e.g. compute's metadata on 8775
    side_doors: Sequence[SideDoor] = field(default=())

    @cached_property
    def rule_names(self) -> frozenset[str]:
        return frozenset(rule.name for rule in self.policies)

    @property
    def folder(self) -> str:
        return self.section or self.type.replace("-", "_")


@dataclass(frozen=True)
class SideDoor:
    """A second port of a service that is not in the catalogue (compute's metadata)."""

    name: str
    port: int
    mount: str
    routes: Sequence[Route]
    errors: ErrorDialect


def plates(env: Environment) -> Sequence[Service]:
    """The whole door plates of a cloud's services."""
    found = [one for one in env.services if isinstance(one, Service)]
    assert len(found) == len(env.services)
    return found


def plate(env: Environment, type_: str) -> Service:
    """The whole door plate of one service; raises KeyError."""
    found = env.service(type_)
    assert isinstance(found, Service)
    return found
