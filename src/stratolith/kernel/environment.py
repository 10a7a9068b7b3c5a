"""The environment of a control-plane process: objects that all requests and reconcilers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stratolith.kernel.agent.interface import Agents
from stratolith.kernel.auth import Authenticator
from stratolith.kernel.clock import Clock, SystemClock, utcnow
from stratolith.kernel.config import Settings
from stratolith.kernel.db import Database
from stratolith.kernel.hints import HintBus
from stratolith.kernel.plate import Plate
from stratolith.kernel.policy.enforcer import Policies


@dataclass
class Environment:
    """Created once at start by ``stratolith.server``; tests create their own.

    Its types are interfaces in this layer, so that all modules above can use it.
    """

    settings: Settings
    db: Database
    services: Sequence[Plate]
    policies: Policies
    hints: HintBus = field(default_factory=HintBus)
    clock: Clock = field(default_factory=SystemClock)
    secrets: dict[str, str] = field(default_factory=dict)
    authenticator: Authenticator | None = None
    agents: Agents | None = None
    caches: dict[object, Any] = field(default_factory=dict)  # for kernel/caches.py only
    started_at: datetime = field(default_factory=utcnow)  # of this process

    def service(self, type_: str) -> Plate:
        """The service of this type; raises KeyError."""
        for service in self.services:
            if service.type == type_:
                return service
        raise KeyError(type_)
