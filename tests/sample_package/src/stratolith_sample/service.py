"""The definition of the greeting service: greets every host and lists the hosts that answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.errors import ErrorDialect
from stratolith.kernel.policy.rules import Rule
from stratolith.kernel.service import AgentView, Service
from stratolith_sample import greetings
from stratolith_sample.models import Heard
from stratolith_sample.settings import GreetingSettings


def compile_view(ctx: Context, host: str, keys: list[str] | None) -> dict[str, str]:
    return {"say": f"{ctx.env.settings.of(GreetingSettings).word} {host}"}


def take_report(ctx: Context, host: str, payload: Any) -> None:
    ctx.session.merge(Heard(host=host, words=str(payload["heard"])))


SERVICE = Service(
    type="greeting",
    name="greeter",
    port=8790,
    mount="/greeting",
    prefix="/v1",
    endpoint="/v1",
    errors=ErrorDialect.PLAIN,
    routes=greetings.ROUTES,
    policies=[
        Rule("greeting:index", "role:reader", operations=("GET /greetings",)),
        Rule("greeting:show", "role:reader", operations=("GET /greetings/{host}",)),
        Rule("greeting:delete", "role:admin", operations=("DELETE /greetings/{host}",)),
    ],
    agent_views=[AgentView("greetings", compile_view, take_report)],
    settings=GreetingSettings,
    migrations=Path(__file__).with_name("migrations"),
)
