"""What a new cloud has: the domain Default, projects, users, roles, the catalogue."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from stratolith.identity.managers import catalog
from stratolith.identity.managers.effective import DOMAIN, PROJECT, SYSTEM, USER
from stratolith.identity.managers.login import passwords
from stratolith.identity.managers.token_keys import claims, epoch
from stratolith.identity.models import (
    Assignment,
    CatalogService,
    Endpoint,
    ImpliedRole,
    Password,
    Premade,
    Project,
    Region,
    Role,
    User,
)
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.config import CloudSection
from stratolith.kernel.context import Context

DEFAULT_DOMAIN = "default"
PROJECTS = ("admin", "demo", "service")
ROLES = ("admin", "manager", "member", "reader", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
# users that deployment tools expect; our own services do not use them
SERVICE_USERS = ("glance", "neutron", "nova", "placement")


def bootstrap(ctx: Context, seed: Seed) -> None:
    """Create the initial objects that were never created; deleted ones are not created again."""
    claims.ring_of(ctx.env).ensure()
    made = set(ctx.session.scalars(select(Premade.name)))
    maker = _Maker(ctx, made)
    maker.once("domain", lambda: _domain(ctx))
    for name in PROJECTS:
        maker.once(f"project {name}", lambda name=name: _project(ctx, name))  # type: ignore[misc]
    maker.once("roles", lambda: _roles(ctx))
    maker.once("user admin", lambda: _admin(ctx))
    maker.once("user demo", lambda: _demo(ctx))
    maker.once("service users", lambda: _service_users(ctx))
    maker.once("region", lambda: _region(ctx))
    for service in ctx.env.services:
        if service.in_catalog:
            maker.once(
                f"service {service.type}",
                lambda s=service: _service(ctx, s.type, s.name),  # type: ignore[misc]
            )
    epoch.touch(ctx)


class _Maker:
    """Runs each function once in the lifetime of a cloud."""

    def __init__(self, ctx: Context, made: set[str]) -> None:
        self._ctx = ctx
        self._made = made

    def once(self, name: str, make: Callable[[], None]) -> None:
        if name not in self._made:
            make()
            self._ctx.session.add(Premade(name=name))
            self._ctx.session.flush()


def _domain(ctx: Context) -> None:
    ctx.session.add(
        Project(
            id=DEFAULT_DOMAIN,
            name="Default",
            is_domain=True,
            description="The default domain",
        )
    )


def _project(ctx: Context, name: str) -> None:
    ctx.session.add(
        Project(name=name, domain_id=DEFAULT_DOMAIN, parent_id=DEFAULT_DOMAIN, description="")
    )


def _roles(ctx: Context) -> None:
    roles = {name: Role(name=name, options={"immutable": True}) for name in ROLES}
    ctx.session.add_all(roles.values())
    ctx.session.flush()
    for prior, implied in IMPLIED:
        ctx.session.add(ImpliedRole(prior_id=roles[prior].id, implied_id=roles[implied].id))


def _user(ctx: Context, name: str, secret: str, email: str = "") -> User:
    user = User(name=name, domain_id=DEFAULT_DOMAIN, extra={"email": email} if email else {})
    ctx.session.add(user)
    ctx.session.flush()
    password = ctx.env.secrets.get(secret)
    if password:
        ctx.session.add(
            Password(
                user_id=user.id,
                hash=passwords.of(ctx.env).hash(password),
                created_at=ctx.env.clock.now(),
            )
        )
    return user


def _role_id(ctx: Context, name: str) -> str:
    return ctx.session.scalars(select(Role.id).where(Role.name == name, Role.domain_id == "")).one()


def _project_id(ctx: Context, name: str) -> str:
    statement = select(Project.id).where(Project.name == name, Project.domain_id == DEFAULT_DOMAIN)
    return ctx.session.scalars(statement).one()


def _grant(ctx: Context, user: User, role: str, target: str, target_id: str) -> None:
    ctx.session.add(
        Assignment(
            actor=USER,
            actor_id=user.id,
            target=target,
            target_id=target_id,
            role_id=_role_id(ctx, role),
        )
    )


def _admin(ctx: Context) -> None:
    admin = _user(ctx, "admin", "admin_password")
    _grant(ctx, admin, "admin", PROJECT, _project_id(ctx, "admin"))
    _grant(ctx, admin, "admin", PROJECT, _project_id(ctx, "demo"))
    _grant(ctx, admin, "admin", DOMAIN, DEFAULT_DOMAIN)
    _grant(ctx, admin, "admin", SYSTEM, SYSTEM)


def _demo(ctx: Context) -> None:
    demo = _user(ctx, "demo", "demo_password")
    _grant(ctx, demo, "member", PROJECT, _project_id(ctx, "demo"))


def _service_users(ctx: Context) -> None:
    project_id = _project_id(ctx, "service")
    for name in SERVICE_USERS:
        user = _user(ctx, name, "service_password")
        _grant(ctx, user, "service", PROJECT, project_id)


def _region(ctx: Context) -> None:
    ctx.session.add(Region(id=ctx.env.settings.of(CloudSection).region))


def _service(ctx: Context, type_: str, name: str) -> None:
    service = CatalogService(type=type_, name=name, extra={"description": ""})
    ctx.session.add(service)
    ctx.session.flush()
    region = ctx.env.settings.of(CloudSection).region
    known = ctx.session.get(Region, region) is not None
    for interface in ("public", "internal", "admin"):
        ctx.session.add(
            Endpoint(
                service_id=service.id,
                region_id=region if known else None,
                interface=interface,
                url=catalog.DIALLED + type_,
            )
        )
