"""The environment of one control-plane process: what every request and reconciler shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stratolith.kernel.clock import Clock, SystemClock
from stratolith.kernel.config import Settings
from stratolith.kernel.db import Database
from stratolith.kernel.hints import HintBus
from stratolith.kernel.policy.enforcer import Policies

if TYPE_CHECKING:
    from stratolith.kernel.agent.hub import AgentHub
    from stratolith.kernel.auth import Authenticator
    from stratolith.kernel.service import Service


@dataclass
class Environment:
    """Made once at start by ``stratolith.server``; tests make their own."""

    settings: Settings
    db: Database
    services: Sequence[Service]
    policies: Policies
    hints: HintBus = field(default_factory=HintBus)
    clock: Clock = field(default_factory=SystemClock)
    secrets: dict[str, str] = field(default_factory=dict)
    authenticator: Authenticator | None = None
    agents: AgentHub | None = None
    # In-process caches of services, by name; never the truth.
    caches: dict[str, Any] = field(default_factory=dict)

    def service(self, type_: str) -> Service:
        for service in self.services:
            if service.type == type_:
                return service
        raise KeyError(type_)
