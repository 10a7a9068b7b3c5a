"""Context: who asks, for which project, in which transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session
from starlette.datastructures import Headers, QueryParams

from stratolith.kernel.auth import Identity
from stratolith.kernel.exceptions import Forbidden, Unauthorized
from stratolith.kernel.hints import HOST_HINT, Hint, host_key
from stratolith.kernel.ids import new_request_id

if TYPE_CHECKING:
    from stratolith.kernel.agent.caller import AgentCaller
    from stratolith.kernel.environment import Environment
    from stratolith.kernel.http.microversion import Version
    from stratolith.kernel.service import Service

T = TypeVar("T")
_NO_QUERY, _NO_HEADERS = QueryParams(), Headers()  # neither can be changed


class Context:
    """One request, reconcile pass or agent report: identity, transaction, what comes after.

    The session is opened at first use. A context that does not write holds a read
    transaction, so a long password hash never holds the writer's lock.
    """

    def __init__(
        self,
        env: Environment,
        service: Service | None = None,
        *,
        identity: Identity | None = None,
        write: bool = False,
        request_id: str | None = None,
    ) -> None:
        self.env = env
        self.service = service
        self.identity = identity
        self.write = write
        self.request_id = request_id or new_request_id()
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
        self._session: Session | None = None
        self._after: list[Callable[[], None]] = []
        self._hints: dict[Hint, bool] = {}  # whether all must have taken it before the answer
        self._internal = False
        self._admin: tuple[Identity, bool] | None = None  # what is_admin found out of whom

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
        other = Context(self.env, self.service, identity=self.identity, request_id=self.request_id)
        if project_id is not None or self.identity is None:
            user = self.identity.user_id if self.identity else "stratolith"
            other.identity = Identity(user_id=user, project_id=project_id, roles=("admin",))
        other.write = self.write
        other._session = self.session
        other._after, other._hints = self._after, self._hints
        other._internal = True
        other.base_url, other.host_url, other.by_path = self.base_url, self.host_url, self.by_path
        return other

    def beside(self, service: Service) -> Context:
        """The same caller in the same transaction, judged by another service's rules."""
        other = Context(self.env, service, identity=self.identity, request_id=self.request_id)
        other.global_request_id = self.global_request_id
        other.write = self.write
        other._session = self.session
        other._after, other._hints = self._after, self._hints
        other._internal = self._internal
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
        if self._session is None:
            db = self.env.db
            self._session = db.begin_write() if self.write else db.begin_read()
        return self._session

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run ``work`` once the transaction is committed; never when it is not."""
        self._after.append(work)

    def hint(self, kind: str, key: str, *, acknowledged: bool = False) -> None:
        """Say "look at ``key``" to reconcilers and agents, after the commit.

        acknowledged: the answer waits until every server process has heard it.
        """
        hint = (kind, key)
        self._hints[hint] = self._hints.get(hint, False) or acknowledged

    def hint_host(self, host: str, view: str, key: str = "") -> None:
        """Tell the agent of ``host`` to look at ``key`` of ``view``, after the commit."""
        self.hint(HOST_HINT, host_key(host, view, key))

    def transact(self, work: Callable[[], T]) -> T:
        """Do ``work`` and commit, all of it again when the database asks for that.

        What waits for the commit is done once, when no attempt will follow.
        """

        def once() -> T:
            try:
                result = work()
                self.end()
                return result
            except BaseException:
                self.close()
                raise

        try:
            result = self.env.db.persist(once)
            self.finish()
            return result
        finally:
            self.close()

    def commit(self) -> None:
        """End the transaction well and do what waits for it."""
        self.end()
        self.finish()

    def end(self) -> None:
        """End the transaction well."""
        if self._session is not None:
            if self.write:
                self.env.db.commit(self._session)
            self.env.db.close(self._session)
            self._session = None

    def finish(self) -> None:
        """Do what waited for the commit."""
        hints = list(self._hints.items())
        self._hints.clear()
        for wanted in (True, False):
            chosen = [hint for hint, acknowledged in hints if acknowledged is wanted]
            if chosen:
                self.env.hints.publish_all(chosen, acknowledged=wanted)
        work = list(self._after)
        self._after.clear()
        for one in work:
            one()

    def close(self) -> None:
        """End the transaction, undoing what was not committed."""
        self._after.clear()
        self._hints.clear()
        if self._session is not None:
            session, self._session = self._session, None
            self.env.db.close(session)
