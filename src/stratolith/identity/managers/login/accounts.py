"""Accounts: a user with its domain and current password, as each login and validation reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, bindparam, func, select
from sqlalchemy import update as sql_update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from stratolith.identity.managers.attributes import in_any_case
from stratolith.identity.models import Password, Project, User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.db.errors import is_disk_full
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Unauthorized

ALWAYS_ACTIVE = "ignore_user_inactivity"
_Domain = aliased(Project)


@dataclass(frozen=True)
class Account:
    """password: None for a user without a password."""

    user: User
    domain: Project
    password: Password | None

    @property
    def password_expires_at(self) -> datetime | None:
        return self.password.expires_at if self.password is not None else None


# Built once: building a statement costs as much as running it
_NEWEST = (
    select(func.max(Password.id))
    .where(Password.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
_ACCOUNT = (
    select(User, _Domain, Password)
    .join(_Domain, and_(_Domain.id == User.domain_id, _Domain.is_domain))
    .outerjoin(Password, Password.id == _NEWEST)
)
_BY_ID = _ACCOUNT.where(User.id == bindparam("id"))
_BY_NAME = _ACCOUNT.where(User.name == bindparam("name"), User.domain_id == bindparam("domain"))
# upstream ignores the case of domain names; an exact match comes first
_DOMAIN_NAME = bindparam("domain", type_=String)
_BY_NAMES = _ACCOUNT.where(
    User.name == bindparam("name"), in_any_case(_Domain.name, _DOMAIN_NAME)
).order_by((_Domain.name == _DOMAIN_NAME).desc())


def by_id(session: Session, user_id: str) -> Account | None:
    return _one(session, _BY_ID, id=user_id)


def by_name(session: Session, name: str, domain: dict[str, Any]) -> Account | None:
    """``domain`` is ``{"id"}`` or ``{"name"}``."""
    if not domain.get("name"):
        return _one(session, _BY_NAME, name=name, domain=domain["id"])
    return _one(session, _BY_NAMES, name=name, domain=domain["name"])


def enabled(env: Environment, session: Session, user_id: str) -> Account:
    """Raises Unauthorized unless the user and the user's domain are enabled."""
    return require_enabled(env, by_id(session, user_id))


def require_enabled(env: Environment, account: Account | None) -> Account:
    """Raises Unauthorized."""
    if account is None or not is_enabled(env, account.user) or not account.domain.enabled:
        raise Unauthorized
    return account


def is_enabled(env: Environment, user: User) -> bool:
    """Whether the user may log in now: enabled, and not inactive for too many days."""
    return user.enabled and not is_inactive(env, user.options, user.last_active_at)


def days_until_disabled(env: Environment) -> int:
    """Days without a login after which users are disabled; 0: never."""
    return env.settings.of(IdentitySettings).disable_user_account_days_inactive


def is_inactive(env: Environment, options: dict[str, Any], last_active_at: datetime | None) -> bool:
    """Whether a user with these options has been inactive for too many days."""
    days = days_until_disabled(env)
    if not days or last_active_at is None or options.get(ALWAYS_ACTIVE):
        return False
    if last_active_at.tzinfo is None:
        last_active_at = last_active_at.replace(tzinfo=UTC)
    return env.clock.now() >= last_active_at + timedelta(days=days)


def was_active(ctx: Context, user: User) -> None:
    """Record that the user logged in, at most once a day to save writes."""
    now = ctx.env.clock.now()
    if user.last_active_at is not None and user.last_active_at.date() == now.date():
        return
    statement = sql_update(User).where(User.id == user.id).values(last_active_at=now)
    try:
        ctx.env.db.run(lambda session: session.execute(statement))
    except DBAPIError as error:
        if not is_disk_full(error):  # with a full disk the user may log in without the record
            raise


def _one(session: Session, statement: Any, **values: str) -> Account | None:
    row = session.execute(statement, values).first()
    return Account(*row) if row is not None else None
