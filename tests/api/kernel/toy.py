"""A small service that uses every part of the kernel: the proof that declarations are enough."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from stratolith import server
from stratolith.kernel import config, quota
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.db import Base, Timestamps
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Conflict, NotFound, Unauthorized
from stratolith.kernel.http import Response
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.http.microversion import Microversions, Version
from stratolith.kernel.http.resource import (
    Listing,
    Page,
    Resource,
    Style,
    Verb,
    boolean,
    each,
    exact,
    like,
    next_link,
)
from stratolith.kernel.http.routing import Route
from stratolith.kernel.http.validation import Schema, Since, add
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.plate import Countable
from stratolith.kernel.policy import Rule
from stratolith.kernel.service import AgentView, Service
from tests.testcloud.databases import empty_url


class Toy(Timestamps, Base):
    """A thing of a project."""

    __tablename__ = "toy_things"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    name: Mapped[str]
    size: Mapped[int]
    is_red: Mapped[bool] = mapped_column(default=False)
    colour: Mapped[str | None]
    project_id: Mapped[str] = mapped_column(String(64), index=True)

    def policy_target(self) -> dict[str, Any]:
        return {"project_id": self.project_id}


def get(ctx: Context, toy_id: str) -> Toy:
    found = ctx.session.get(Toy, toy_id)
    if found is None or (found.project_id != ctx.project_id and not ctx.is_admin):
        raise NotFound(f"Toy {toy_id} could not be found.")
    return found


def render(ctx: Context, toy: Toy) -> dict[str, Any]:
    found = {"id": toy.id, "name": toy.name, "size": toy.size}
    if ctx.microversion and ctx.microversion >= Version(1, 2):
        found["colour"] = toy.colour
    return found


def create(ctx: Context, wanted: dict[str, Any]) -> Toy:
    quota.check(ctx, ctx.project_id, {"toys": 1})
    if ctx.session.scalar(select(Toy.id).where(Toy.name == wanted["name"])):
        raise Conflict(f"A toy named {wanted['name']} exists.")
    toy = Toy(project_id=ctx.project_id, **wanted)
    ctx.session.add(toy)
    ctx.session.flush()
    ctx.hint("toy.things", toy.id)
    ctx.hint_host("host1", "toys", toy.id)
    return toy


def remove(ctx: Context, toy: Toy) -> None:
    ctx.session.delete(toy)


class ToyStyle(Style):
    """``sort=name:desc``, and a link to the next page beside the list."""

    def rule(self, resource: Resource, verb: str) -> str:
        return f"toy:{verb}"

    def page(self, ctx: Context, resource: Resource) -> Page:
        assert resource.listing is not None
        sort: Any = [tuple(s.split(":")) for s in ctx.query.getlist("sort")]
        return resource.listing.asked(ctx, sort=sort or None)

    def collection(
        self, ctx: Context, resource: Resource, members: list[Any], page: Page
    ) -> dict[str, Any]:
        return {"toys": members, "next": next_link(ctx, page)}


def explode(ctx: Context) -> None:
    raise RuntimeError("boom, with a secret")


def refuse(ctx: Context, body: dict[str, Any]) -> None:
    ctx.session.add(Toy(name="left behind", size=1, project_id=ctx.project_id))
    ctx.session.flush()
    ctx.hint("toy.things", "never")
    raise Conflict("no")


NAME = {"type": "string", "minLength": 1, "maxLength": 20}
CREATE = Schema(
    {
        "type": "object",
        "properties": {
            "toy": {
                "type": "object",
                "properties": {"name": NAME, "size": {"type": "integer", "minimum": 0}},
                "required": ["name", "size"],
                "additionalProperties": False,
            }
        },
        "required": ["toy"],
        "additionalProperties": False,
    }
).changed(Since("1.2", add("colour", {"type": ["string", "null"]}, "toy")))

TOYS = Resource(
    "toy",
    ToyStyle(),
    load=get,
    rendered=each(render),
    listing=Listing(
        Toy,
        visible=lambda ctx: Toy.project_id == ctx.project_id,
        filters={"name": like(Toy.name), "red": boolean(Toy.is_red), "colour": exact(Toy.colour)},
        sort_keys={"name": Toy.name, "size": Toy.size, "colour": Toy.colour, "id": Toy.id},
        default_sort=[("name", "asc")],
    ),
    create=Verb(create, body=CREATE),
    delete=Verb(remove),
)

ROUTES = [
    *TOYS.routes,
    Route.get("/new", lambda ctx: {"new": True}, rule="toy:index", since="1.3"),
    Route.get("/explode", explode),
    Route.post("/refuse", refuse, body=Schema({"type": "object"})),
    Route.get("/", lambda ctx: Response({"versions": []}, status=300), root=True, public=True),
]


class Tokens:
    """token text = user:project:role"""

    def authenticate(self, token: str) -> Identity:
        parts = token.split(":")
        if len(parts) != 3:
            raise Unauthorized
        return Identity(user_id=parts[0], project_id=parts[1], roles=(parts[2],))


def count(session: Any, project_id: str) -> int:
    found: int = session.scalar(select(func.count()).where(Toy.project_id == project_id))
    return found


def compile_view(ctx: Context, host: str, keys: list[str] | None) -> Any:
    statement = select(Toy.id) if keys is None else select(Toy.id).where(Toy.id.in_(keys))
    return {"host": host, "toys": list(ctx.session.scalars(statement))}


def take_report(ctx: Context, host: str, payload: Any) -> Any:
    for toy_id, colour in payload.items():
        toy = ctx.session.get(Toy, toy_id)
        if toy is not None:
            toy.colour = colour
    return {"seen": len(payload)}


SERVICE = Service(
    type="toy",
    name="toys",
    port=19999,
    mount="/toy",
    prefix="/v1",
    endpoint="/v1",
    errors=ErrorDialect.FAULT_NAME,
    routes=ROUTES,
    policies=[
        Rule("reader", "role:reader or role:admin"),
        Rule("owner", "project_id:%(project_id)s"),
        Rule("toy:index", "rule:reader"),
        Rule("toy:create", "role:member or role:admin", scope=("project",)),
        Rule("toy:show", "rule:owner or role:admin"),
        Rule("toy:delete", "role:admin"),
    ],
    quotas=[Countable("toys", 3, count)],
    microversions=Microversions("toy", [("1.1", "a"), ("1.2", "b"), ("1.3", "c")], "X-Toy-Version"),
    agent_views=[AgentView("toys", compile_view, take_report)],
    authenticator=lambda env: Tokens(),
)


def environment(folder: Path) -> Environment:
    folder.mkdir(parents=True, exist_ok=True)
    overrides = {
        "cloud": {"state_dir": str(folder), "run_dir": str(folder / "run")},
        "database": {"url": empty_url()},
    }
    settings = config.load({}, overrides=overrides)
    env = server.make_environment(settings, [SERVICE])
    Base.metadata.create_all(env.db.engine)
    return env


def loads(raw: bytes) -> Any:
    return msgspec.json.decode(raw)


__all__ = ["SERVICE", "Toy", "environment", "loads", "timedelta"]
