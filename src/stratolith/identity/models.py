"""Tables of identity: domains and projects, users, groups, roles, assignments, catalog.

A domain is a project with ``is_domain`` set and an empty ``domain_id``, as in its API:
``/v3/projects/<id of a domain>`` answers too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Base, Timestamps
from stratolith.kernel.db.types import Json
from stratolith.kernel.ids import new_hex

Id = String(64)


class Project(Timestamps, Base):
    """A project, or a domain."""

    __tablename__ = "identity_projects"
    __table_args__ = (
        UniqueConstraint("domain_id", "name"),
        Index("ix_identity_projects_name", "name", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    name: Mapped[str] = mapped_column(String(64))
    domain_id: Mapped[str] = mapped_column(Id, default="")
    parent_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_projects.id"), index=True
    )
    is_domain: Mapped[bool] = mapped_column(default=False, index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str | None] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ProjectTag(Base):
    __tablename__ = "identity_project_tags"

    project_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)


class User(Timestamps, Base):
    """A user that can log in."""

    __tablename__ = "identity_users"
    __table_args__ = (
        UniqueConstraint("domain_id", "name"),
        Index("ix_identity_users_name", "name", "id"),
        Index("ix_identity_users_domain", "domain_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    name: Mapped[str] = mapped_column(String(255))
    domain_id: Mapped[str] = mapped_column(Id, ForeignKey("identity_projects.id"))
    enabled: Mapped[bool] = mapped_column(default=True)
    default_project_id: Mapped[str | None] = mapped_column(Id, index=True)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    failed_count: Mapped[int] = mapped_column(Integer, default=0)
    failed_at: Mapped[datetime | None]
    last_active_at: Mapped[datetime | None]


class Password(Base):
    """One password of a user; the newest is valid, older ones prevent their reuse."""

    __tablename__ = "identity_passwords"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    hash: Mapped[str] = mapped_column(String(255))
    self_service: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Group(Timestamps, Base):
    __tablename__ = "identity_groups"
    __table_args__ = (
        UniqueConstraint("domain_id", "name"),
        Index("ix_identity_groups_name", "name", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    name: Mapped[str] = mapped_column(String(64))
    domain_id: Mapped[str] = mapped_column(Id, ForeignKey("identity_projects.id"), index=True)
    description: Mapped[str | None] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Membership(Base):
    __tablename__ = "identity_memberships"

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_groups.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Role(Timestamps, Base):
    """A role; ``domain_id`` is empty for a global role."""

    __tablename__ = "identity_roles"
    __table_args__ = (UniqueConstraint("domain_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    name: Mapped[str] = mapped_column(String(255))
    domain_id: Mapped[str] = mapped_column(Id, default="")
    description: Mapped[str | None] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ImpliedRole(Base):
    """A user with the prior role also has the implied role."""

    __tablename__ = "identity_implied_roles"

    prior_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True
    )
    implied_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Assignment(Base):
    """A role of an actor (user or group) on a target (project, domain or system).

    ``inherited``: valid on the projects below the target, not on the target itself.
    """

    __tablename__ = "identity_assignments"
    __table_args__ = (Index("ix_identity_assignments_target", "target", "target_id"),)

    actor: Mapped[str] = mapped_column(String(8), primary_key=True)
    actor_id: Mapped[str] = mapped_column(Id, primary_key=True)
    target: Mapped[str] = mapped_column(String(8), primary_key=True)
    target_id: Mapped[str] = mapped_column(Id, primary_key=True)
    role_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    inherited: Mapped[bool] = mapped_column(primary_key=True, default=False)


class Region(Timestamps, Base):
    __tablename__ = "identity_regions"

    id: Mapped[str] = mapped_column(String(255), primary_key=True, default=new_hex)
    description: Mapped[str] = mapped_column(Text, default="")
    parent_id: Mapped[str | None] = mapped_column(
        String(255), ForeignKey("identity_regions.id"), index=True
    )
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CatalogService(Timestamps, Base):
    __tablename__ = "identity_services"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    type: Mapped[str] = mapped_column(String(255), index=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Endpoint(Timestamps, Base):
    """``url`` is the URL as given, or a marker for a URL that follows the requested address."""

    __tablename__ = "identity_endpoints"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    service_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_services.id", ondelete="CASCADE"), index=True
    )
    region_id: Mapped[str | None] = mapped_column(
        String(255), ForeignKey("identity_regions.id"), index=True
    )
    interface: Mapped[str] = mapped_column(String(8))
    url: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ApplicationCredential(Timestamps, Base):
    """A password for a program: gives part of a user's roles on one project."""

    __tablename__ = "identity_application_credentials"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    project_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    secret_hash: Mapped[str] = mapped_column(String(255))
    role_ids: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]
    unrestricted: Mapped[bool] = mapped_column(default=False)
    # None: all requests are allowed
    access_rule_ids: Mapped[list[str] | None]


class AccessRuleRow(Base):
    """A request to which application credentials of the user may be restricted."""

    __tablename__ = "identity_access_rules"
    __table_args__ = (UniqueConstraint("user_id", "service", "path", "method"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    service: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(128))
    method: Mapped[str] = mapped_column(String(16))
    # increases with each rule of the user: lists show the oldest first
    number: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Trust(Base):
    """A trustor lets a trustee act with some of the trustor's roles on one project."""

    __tablename__ = "identity_trusts"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    trustor_user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    trustee_user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    project_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), index=True
    )
    impersonation: Mapped[bool]
    role_ids: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]
    remaining_uses: Mapped[int | None]
    redelegated_trust_id: Mapped[str | None] = mapped_column(Id, index=True)
    redelegation_count: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]


class Credential(Timestamps, Base):
    """A secret kept for a user, such as an EC2 key; the blob is encrypted."""

    __tablename__ = "identity_credentials"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, index=True)
    project_id: Mapped[str | None] = mapped_column(Id, index=True)
    type: Mapped[str] = mapped_column(String(255), index=True)
    encrypted_blob: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class PolicyBlob(Timestamps, Base):
    """A document of the policies resource; this cloud stores it but does not use it."""

    __tablename__ = "identity_policies"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    type: Mapped[str] = mapped_column(String(255), index=True)
    blob: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class PolicyAssociation(Base):
    """Assigns a policy document to an endpoint, or to a service in one region or in all.

    The id is built from the other three columns, so that each of them has one document.
    """

    __tablename__ = "identity_policy_associations"

    id: Mapped[str] = mapped_column(String(400), primary_key=True)
    policy_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_policies.id", ondelete="CASCADE"), index=True
    )
    endpoint_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_endpoints.id", ondelete="CASCADE"), index=True
    )
    service_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_services.id", ondelete="CASCADE"), index=True
    )
    region_id: Mapped[str | None] = mapped_column(
        String(255), ForeignKey("identity_regions.id", ondelete="CASCADE"), index=True
    )


class Revocation(Base):
    """Tokens issued up to ``issued_before`` that match all given values are revoked."""

    __tablename__ = "identity_revocations"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str | None] = mapped_column(Id)
    project_id: Mapped[str | None] = mapped_column(Id)
    domain_id: Mapped[str | None] = mapped_column(Id)
    role_id: Mapped[str | None] = mapped_column(Id)
    trust_id: Mapped[str | None] = mapped_column(Id)
    audit_id: Mapped[str | None] = mapped_column(String(32))
    audit_chain_id: Mapped[str | None] = mapped_column(String(32))
    issued_before: Mapped[datetime]
    revoked_at: Mapped[datetime] = mapped_column(index=True)


class Premade(Base):
    """A resource that the first start created; it is not created again when a user deletes it."""

    __tablename__ = "identity_premade"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class KeyRingRow(Base):
    """The keys of one kind that all servers share, encrypted with a secret of the servers."""

    __tablename__ = "identity_key_rings"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[str] = mapped_column(Text)


class DomainOption(Base):
    """One option of a domain's configuration; the value of a sensitive one is encrypted."""

    __tablename__ = "identity_domain_options"

    domain_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True
    )
    group: Mapped[str] = mapped_column("option_group", String(64), primary_key=True)
    option: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    sensitive: Mapped[bool] = mapped_column(default=False)


class EndpointGroup(Timestamps, Base):
    """The endpoints that have every attribute in ``filters``."""

    __tablename__ = "identity_endpoint_groups"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    name: Mapped[str] = mapped_column(String(255), index=True)
    description: Mapped[str | None] = mapped_column(Text)
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ProjectEndpoint(Base):
    """A project with rows here, or with endpoint groups, sees only these endpoints."""

    __tablename__ = "identity_project_endpoints"

    project_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True
    )
    endpoint_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_endpoints.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ProjectEndpointGroup(Base):
    __tablename__ = "identity_project_endpoint_groups"

    project_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True
    )
    endpoint_group_id: Mapped[str] = mapped_column(
        Id,
        ForeignKey("identity_endpoint_groups.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    )


class Consumer(Timestamps, Base):
    """A client program of OAuth 1.0a; the secret is encrypted."""

    __tablename__ = "identity_consumers"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    description: Mapped[str | None] = mapped_column(Text)
    encrypted_secret: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RequestToken(Base):
    """A consumer requests access to a project from a user (OAuth 1.0a's temporary credential).

    role_ids and authorizing_user_id are set when a user authorises it; empty before.
    """

    __tablename__ = "identity_request_tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    consumer_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_consumers.id", ondelete="CASCADE"), index=True
    )
    encrypted_secret: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), index=True
    )
    verifier: Mapped[str | None] = mapped_column(String(64))
    authorizing_user_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    role_ids: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]


class AccessToken(Base):
    """A consumer may use some of a user's roles on a project."""

    __tablename__ = "identity_access_tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    consumer_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_consumers.id", ondelete="CASCADE"), index=True
    )
    encrypted_secret: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), index=True
    )
    authorizing_user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), index=True
    )
    role_ids: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]


class UsedNonce(Base):
    """A signed OAuth request that was accepted; it is refused when it is sent again."""

    __tablename__ = "identity_used_nonces"

    consumer_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_consumers.id", ondelete="CASCADE"), primary_key=True
    )
    nonce: Mapped[str] = mapped_column(String(255), primary_key=True)
    signed_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)


class UsedPasscode(Base):
    """The latest time window whose one-time passcode of a credential was accepted."""

    __tablename__ = "identity_used_passcodes"

    credential_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_credentials.id", ondelete="CASCADE"), primary_key=True
    )
    window: Mapped[int] = mapped_column("totp_window", BigInteger)


class SpentPasscode(Base):
    """A one-time passcode that was used for a login; it stays when its credential is deleted."""

    __tablename__ = "identity_spent_passcodes"

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True
    )
    passcode: Mapped[str] = mapped_column(String(8), primary_key=True)
    window: Mapped[int] = mapped_column("totp_window", BigInteger, primary_key=True)


class RegisteredLimit(Timestamps, Base):
    """The default limit of a resource for each project that has no limit of its own.

    It remains when its service or region is deleted, as upstream: a service created again with the
    same id has its limits.
    """

    __tablename__ = "identity_registered_limits"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    service_id: Mapped[str] = mapped_column(Id, index=True)
    region_id: Mapped[str | None] = mapped_column(String(255), index=True)
    resource_name: Mapped[str] = mapped_column(String(255), index=True)
    default_limit: Mapped[int] = mapped_column(Integer)
    description: Mapped[str | None] = mapped_column(Text)


class Limit(Timestamps, Base):
    """The limit of one project or one domain; overrides a registered limit."""

    __tablename__ = "identity_limits"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_hex)
    registered_limit_id: Mapped[str] = mapped_column(
        Id, ForeignKey("identity_registered_limits.id", ondelete="CASCADE"), index=True
    )
    # exactly one of project_id and domain_id is set
    project_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), index=True
    )
    domain_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("identity_projects.id", ondelete="CASCADE"), index=True
    )
    resource_limit: Mapped[int] = mapped_column(Integer)
    description: Mapped[str | None] = mapped_column(Text)
