"""Context: who asks, for which project, in which transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session
from starlette.datastructures import Headers, QueryParams

from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.auth import Identity
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Forbidden, Unauthorized
from stratolith.kernel.hints import HOST_HINT, host_key
from stratolith.kernel.http.microversion import Version
from stratolith.kernel.ids import new_request_id
from stratolith.kernel.plate import Plate
from stratolith.kernel.transaction import Transaction

_NO_QUERY, _NO_HEADERS = QueryParams(), Headers()  # neither can be changed


class Context:
    """One request, reconcile pass or agent report: identity, transaction, what comes after.

    Contexts made of another one (``internal``, ``beside``) share its transaction.
    """

    def __init__(
        self,
        env: Environment,
        service: Plate | None = None,
        *,
        identity: Identity | None = None,
        write: bool = False,
        request_id: str | None = None,
        transaction: Transaction | None = None,
        internal: bool = False,
    ) -> None:
        """``transaction``: of another context; ``write`` and ``request_id`` are its own then.

        internal: it acts as the cloud itself; policy is not asked.
        """
        self.env = env
        self.service = service
        self.identity = identity
        if transaction is None:
            request_id = request_id or new_request_id()
            transaction = Transaction(env.db, env.hints, request_id, write=write)
        self.transaction = transaction
        self.request_id = transaction.request_id
        self.global_request_id: str | None = None
        self.microversion: Version | None = None
        self.path_project = ""  # that stood before the route's own path
        self.version_path = service.prefix if service else ""  # as the client dialled it
        self.legacy = False  # below the service's legacy prefix
        self.query: QueryParams = _NO_QUERY
        self.raw_query = b""
        self.headers: Headers = _NO_HEADERS
        self.method = ""  # HTTP verb
        self.path = ""  # path after the service's root, with the version prefix
        self.base_url = ""  # scheme, host and mount as the client dialled them, no slash
        self.host_url = ""  # scheme and host only
        self.by_path = False  # came in through the one port
        self.token = ""
        self.agent: AgentCaller | None = None  # who asks, in requests to the agent API
        self.response_headers: dict[str, str] = {}
        self._internal = internal
        self._admin: tuple[Identity, bool] | None = None  # what is_admin found out of whom

    @classmethod
    def of_the_cloud(
        cls, env: Environment, service: Plate | None, *, write: bool = False
    ) -> Context:
        """Of nobody's request: the cloud itself acts, for a service or for the kernel (None)."""
        return cls(env, service, write=write, internal=True)

    # -- who ---------------------------------------------------------------------------------

    @property
    def who(self) -> Identity:
        if self.identity is None:
            raise Unauthorized
        return self.identity

    @property
    def user_id(self) -> str:
        return self.who.user_id

    @property
    def project_id(self) -> str:
        """Project of the token; empty for domain, system and unscoped tokens."""
        return self.who.project_id or ""

    def owns(self, project_id: str | None) -> bool:
        """Whether something of this project is the caller's own.

        Nothing is for a token without a project, also not what belongs to no project.
        """
        return bool(self.project_id) and project_id == self.project_id

    def own(self, column: Any) -> ColumnElement[bool]:
        """``owns`` as a condition on a column of project ids."""
        found: ColumnElement[bool] = column == self.project_id if self.project_id else false()
        return found

    @property
    def is_admin(self) -> bool:
        """Whether this context sees every project's resources: ``Service.admin_rule`` decides."""
        if self._internal:
            return True
        identity = self.identity
        if identity is None:
            return False
        if self._admin is None or self._admin[0] is not identity:
            self._admin = (identity, self._rules_say_admin(identity))
        return self._admin[1]

    def _rules_say_admin(self, identity: Identity) -> bool:
        service = self.service
        if service is None or not service.admin_rule:
            return "admin" in identity.roles
        return self.env.policies.allows(service.type, service.admin_rule, identity, {})

    def internal(self, project_id: str | None = None) -> Context:
        """The same transaction, acting as the cloud itself (for one service calling another)."""
        identity = self.identity
        if project_id is not None or identity is None:
            user = identity.user_id if identity else "stratolith"
            identity = Identity(user_id=user, project_id=project_id, roles=("admin",))
        other = Context(
            self.env, self.service, identity=identity, transaction=self.transaction, internal=True
        )
        other.base_url, other.host_url, other.by_path = self.base_url, self.host_url, self.by_path
        return other

    def beside(self, service: Plate) -> Context:
        """The same caller in the same transaction, judged by another service's rules."""
        other = Context(
            self.env,
            service,
            identity=self.identity,
            transaction=self.transaction,
            internal=self._internal,
        )
        other.global_request_id = self.global_request_id
        other.host_url, other.by_path = self.host_url, self.by_path
        other.base_url = self.host_url + (service.mount if self.by_path else "")
        return other

    # -- what is allowed -----------------------------------------------------------------------

    def can(self, rule: str, target: Mapping[str, Any] | None = None) -> bool:
        """Whether policy allows ``rule`` on the target (default: the caller's own project)."""
        if self._internal:
            return True
        if self.identity is None or self.service is None:
            return False
        return self.env.policies.allows(
            self.service.type, rule, self.identity, self._target(target)
        )

    def authorize(self, rule: str, target: Mapping[str, Any] | None = None) -> None:
        """Raise Forbidden (naming the rule) unless policy allows."""
        if not self.can(rule, target):
            raise Forbidden(action=rule)

    def _target(self, target: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if target is not None:
            return target
        who = self.who
        return {"project_id": who.project_id, "tenant_id": who.project_id, "user_id": who.user_id}

    # -- transaction ---------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.transaction.session

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run ``work`` once the transaction is committed; never when it is not."""
        self.transaction.after_commit(work)

    def hint(self, kind: str, key: str, *, acknowledged: bool = False) -> None:
        """Say "look at ``key``" to reconcilers and agents, after the commit.

        acknowledged: the answer waits until every server process has heard it.
        """
        self.transaction.hint(kind, key, acknowledged=acknowledged)

    def hint_host(self, host: str, view: str, key: str = "") -> None:
        """Tell the agent of ``host`` to look at ``key`` of ``view``, after the commit."""
        self.hint(HOST_HINT, host_key(host, view, key))

    def commit(self) -> None:
        """End the transaction well and do what waits for it."""
        self.transaction.commit()

    def close(self) -> None:
        """End the transaction, undoing what was not committed."""
        self.transaction.close()
