"""The rules of identity; what other services may import.

    projects.get(ctx, id)            -> Project, raises ResourceNotFound
    projects.exists(ctx, id)         -> bool
    projects.by_name(ctx, name, domain_id="default"), users.by_name, roles.by_name
    tokens.validate(env, token)      -> kernel Identity, raises Unauthorized (cached)
    catalog.documents(ctx, who)      -> the catalogue as tokens carry it, filtered for the project
    accounts.enabled(env, session, user_id) -> user, domain and password in one query

A login: factors (who), receipts (whether that is enough), authentication (the scope), tokens.

Events, written in the transaction of the change, with a payload {"id": ...}:
    identity.project.created, .updated, .disabled, .deleted   (domains: identity.domain.*)
    identity.user.created, .updated, .disabled, .deleted
    identity.group.deleted, identity.role.deleted
"""
