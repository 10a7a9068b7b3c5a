"""Context: the caller, its project and its transaction."""

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

_NO_QUERY, _NO_HEADERS = QueryParams(), Headers()  # both are immutable


class Context:
    """A request, reconcile pass or agent report: identity, transaction, work after the commit.

    Contexts derived from another one (``internal``, ``beside``) share its transaction.
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
        """``transaction``: that of another context, with its own ``write`` and ``request_id``.

        internal: the cloud itself acts; the policy is not checked.
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
        self.path_project = ""  # a project id in front of the route's path
        self.version_path = service.prefix if service else ""  # as in the request
        self.legacy = False  # below the service's legacy prefix
        self.query: QueryParams = _NO_QUERY
        self.raw_query = b""
        self.headers: Headers = _NO_HEADERS
        self.method = ""  # HTTP verb
        self.path = ""  # path after the service's root, with the version prefix
        self.base_url = ""  # scheme, host and mount as in the request, without trailing slash
        self.host_url = ""  # scheme and host only
        self.by_path = False  # the request came by the port that serves all services
        self.token = ""
        self.agent: AgentCaller | None = None  # the caller, in requests to the agent API
        self.response_headers: dict[str, str] = {}
        self._internal = internal
        # cached result of is_admin and its identity
        self._admin: tuple[Identity, bool] | None = None

    @classmethod
    def of_the_cloud(
        cls, env: Environment, service: Plate | None, *, write: bool = False
    ) -> Context:
        """A context without request: the cloud itself acts, for a service or the kernel (None)."""
        return cls(env, service, write=write, internal=True)

    # -- the caller --------------------------------------------------------------------------

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
        """Whether something of this project belongs to the caller.

        Always false for a token without project, even if the other project is empty too.
        """
        return bool(self.project_id) and project_id == self.project_id

    def own(self, column: Any) -> ColumnElement[bool]:
        """``owns`` as a condition on a column of project ids."""
        condition: ColumnElement[bool] = column == self.project_id if self.project_id else false()
        return condition

    @property
    def is_admin(self) -> bool:
        """Whether this context sees all projects' resources; ``Service.admin_rule`` decides."""
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
        """The same transaction, but the cloud itself acts (for one service calling another)."""
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
        """The same caller and transaction, with the policy of another service."""
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

    # -- policy --------------------------------------------------------------------------------

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
        identity = self.who
        return {
            "project_id": identity.project_id,
            "tenant_id": identity.project_id,
            "user_id": identity.user_id,
        }

    # -- transaction ---------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.transaction.session

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run ``work`` after the transaction was committed; not if it was not."""
        self.transaction.after_commit(work)

    def hint(self, kind: str, key: str, *, acknowledged: bool = False) -> None:
        """Send a hint for ``key`` to reconcilers and agents after the commit.

        acknowledged: the answer waits until every server process has received it.
        """
        self.transaction.hint(kind, key, acknowledged=acknowledged)

    def hint_host(self, host: str, view: str, key: str = "") -> None:
        """Tell the agent of ``host`` to check ``key`` of ``view`` after the commit."""
        self.hint(HOST_HINT, host_key(host, view, key))

    def commit(self) -> None:
        """Commit the transaction and run the work that waits for it."""
        self.transaction.commit()

    def close(self) -> None:
        """End the transaction; changes that were not committed are rolled back."""
        self.transaction.close()
