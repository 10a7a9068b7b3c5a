"""Policy of the image service, with OpenStack's names and defaults."""

from __future__ import annotations

from stratolith.kernel.policy import Rule

SCOPE = ("project",)
ADMIN = "rule:context_is_admin"
_SEEN = (
    "(project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or "
    "'public':%(visibility)s or 'shared':%(visibility)s)"
)
OWNER_MEMBER = f"{ADMIN} or (role:member and project_id:%(project_id)s)"
OWNER_READER = f"{ADMIN} or (role:reader and project_id:%(project_id)s)"
SHARED_READER = (
    f"{ADMIN} or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)"
)


def _rule(name: str, check: str, description: str, *operations: str) -> Rule:
    return Rule(name, check, scope=SCOPE, description=description, operations=operations)


RULES = [
    Rule("default", "", description="What anybody with a token may do: schemas, discovery"),
    Rule("context_is_admin", "role:admin"),
    Rule("service_api", "role:service or role:admin"),
    _rule(
        "add_image",
        f"{ADMIN} or (role:member and project_id:%(project_id)s and project_id:%(owner)s)",
        "Create an image",
        "POST /v2/images",
    ),
    _rule("delete_image", OWNER_MEMBER, "Delete an image", "DELETE /v2/images/{image_id}"),
    _rule(
        "get_image",
        f"{ADMIN} or (role:reader and {_SEEN})",
        "Show an image",
        "GET /v2/images/{image_id}",
    ),
    _rule("get_images", OWNER_READER, "List images", "GET /v2/images"),
    _rule("modify_image", OWNER_MEMBER, "Update an image", "PATCH /v2/images/{image_id}"),
    _rule("publicize_image", ADMIN, "Make an image public", "PATCH /v2/images/{image_id}"),
    _rule(
        "communitize_image",
        OWNER_MEMBER,
        "Show an image to everybody who asks for it",
        "PATCH /v2/images/{image_id}",
    ),
    _rule(
        "download_image",
        f"{ADMIN} or (role:member and {_SEEN})",
        "Download image data",
        "GET /v2/images/{image_id}/file",
    ),
    _rule(
        "upload_image",
        OWNER_MEMBER,
        "Upload image data",
        "PUT /v2/images/{image_id}/file",
        "PUT /v2/images/{image_id}/stage",
    ),
    _rule("add_member", OWNER_MEMBER, "Share an image", "POST /v2/images/{image_id}/members"),
    _rule(
        "delete_member",
        OWNER_MEMBER,
        "Stop sharing an image",
        "DELETE /v2/images/{image_id}/members/{member_id}",
    ),
    _rule(
        "get_member",
        SHARED_READER,
        "Show a member",
        "GET /v2/images/{image_id}/members/{member_id}",
    ),
    _rule("get_members", SHARED_READER, "List members", "GET /v2/images/{image_id}/members"),
    _rule(
        "modify_member",
        f"{ADMIN} or (role:member and project_id:%(member_id)s)",
        "Accept or reject a shared image",
        "PUT /v2/images/{image_id}/members/{member_id}",
    ),
    _rule(
        "deactivate",
        OWNER_MEMBER,
        "Stop downloads of an image",
        "POST /v2/images/{image_id}/actions/deactivate",
    ),
    _rule(
        "reactivate",
        OWNER_MEMBER,
        "Allow downloads of an image again",
        "POST /v2/images/{image_id}/actions/reactivate",
    ),
]
