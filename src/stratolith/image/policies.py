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


PUBLIC_OR_READER = (
    f"{ADMIN} or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"
)
_NS = "/v2/metadefs/namespaces"


def _rule(name: str, check: str, description: str, *operations: str) -> Rule:
    return Rule(name, check, scope=SCOPE, description=description, operations=operations)


RULES = [
    Rule("default", "", description="Allowed with any token: schemas, discovery"),
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
        "Let all projects use an image that they know",
        "PATCH /v2/images/{image_id}",
    ),
    _rule(
        "download_image",
        f"{ADMIN} or (role:member and {_SEEN})",
        "Download image data",
        "GET /v2/images/{image_id}/file",
    ),
    _rule(
        "download_from_store",
        f"{ADMIN} or (role:member and {_SEEN})",
        "Choose the store that data comes from",
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
RULES += [
    _rule(
        "get_image_location",
        OWNER_READER,
        "Show where the data is",
        "GET /v2/images/{image_id}",
        "DELETE /v2/stores/{store}/{image_id}",
    ),
    _rule(
        "delete_image_location",
        ADMIN,
        "Delete data from one store",
        "DELETE /v2/stores/{store}/{image_id}",
    ),
    _rule(
        "set_image_location",
        OWNER_MEMBER,
        "Change where the data is",
        "PATCH /v2/images/{image_id}",
    ),
    _rule(
        "add_image_location",
        "rule:service_api or (role:member and project_id:%(project_id)s and project_id:%(owner)s)",
        "Say where the data is",
        "POST /v2/images/{image_id}/locations",
    ),
    _rule(
        "fetch_image_location",
        "rule:service_api",
        "List where the data is",
        "GET /v2/images/{image_id}/locations",
    ),
    _rule("cache_list", ADMIN, "Show the image cache and its queue", "GET /v2/cache"),
    _rule("cache_image", ADMIN, "Ask for a cached copy", "PUT /v2/cache/{image_id}"),
    _rule(
        "cache_delete",
        ADMIN,
        "Take images out of the cache and its queue",
        "DELETE /v2/cache",
        "DELETE /v2/cache/{image_id}",
    ),
    _rule("cache_clean", ADMIN, "Drop useless files of the image cache", "POST /v2/cache/clean"),
    _rule("cache_prune", ADMIN, "Bring the image cache to its size", "POST /v2/cache/prune"),
    _rule(
        "list_cached_nodes",
        ADMIN,
        "Show which servers have a copy in their cache",
        "GET /v2/cache/nodes/{image_id}",
    ),
    _rule("copy_image", ADMIN, "Copy an image to other stores", "POST /v2/images/{id}/import"),
    _rule(
        "stores_info_detail",
        f"{ADMIN} or rule:service_api",
        "Show details of stores",
        "GET /v2/info/stores/detail",
    ),
    Rule("metadef_default", ""),
    Rule("metadef_admin", ADMIN),
    _rule(
        "get_metadef_namespaces",
        f"{ADMIN} or (role:reader and project_id:%(project_id)s)",
        "List metadata definition namespaces",
        f"GET {_NS}",
    ),
    _rule("get_tasks", "rule:default", "List tasks", "GET /v2/tasks"),
    _rule("get_task", "rule:default", "Show a task", "GET /v2/tasks/{task_id}"),
    _rule("add_task", "rule:default", "Create a task", "POST /v2/tasks"),
    _rule("modify_task", "rule:default", "Change a task; nothing in the API asks for it"),
    _rule("tasks_api_access", ADMIN, "Use the tasks API", "GET /v2/tasks", "POST /v2/tasks"),
]
# Reading the content of a namespace: all who may see the namespace.
RULES += [
    _rule(name, PUBLIC_OR_READER, f"Show {what}", f"GET {path}")
    for name, what, path in (
        ("get_metadef_namespace", "a namespace", _NS + "/{namespace}"),
        ("get_metadef_object", "an object", _NS + "/{namespace}/objects/{object_name}"),
        ("get_metadef_objects", "objects", _NS + "/{namespace}/objects"),
        ("get_metadef_property", "a property", _NS + "/{namespace}/properties/{property_name}"),
        ("get_metadef_properties", "properties", _NS + "/{namespace}/properties"),
        ("get_metadef_tag", "a tag", _NS + "/{namespace}/tags/{tag_name}"),
        ("get_metadef_tags", "tags", _NS + "/{namespace}/tags"),
        ("get_metadef_resource_type", "associations", _NS + "/{namespace}/resource_types"),
        ("list_metadef_resource_types", "resource types", "/v2/metadefs/resource_types"),
    )
]
RULES += [
    _rule(name, "rule:metadef_admin", what, operation)
    for name, what, operation in (
        ("add_metadef_namespace", "Create a namespace", f"POST {_NS}"),
        ("modify_metadef_namespace", "Change a namespace", f"PUT {_NS}/{{namespace}}"),
        ("delete_metadef_namespace", "Delete a namespace", f"DELETE {_NS}/{{namespace}}"),
        ("add_metadef_object", "Create an object", f"POST {_NS}/{{namespace}}/objects"),
        (
            "modify_metadef_object",
            "Change an object",
            f"PUT {_NS}/{{namespace}}/objects/{{object_name}}",
        ),
        (
            "delete_metadef_object",
            "Delete an object",
            f"DELETE {_NS}/{{namespace}}/objects/{{object_name}}",
        ),
        ("add_metadef_property", "Create a property", f"POST {_NS}/{{namespace}}/properties"),
        (
            "modify_metadef_property",
            "Change a property",
            f"PUT {_NS}/{{namespace}}/properties/{{property_name}}",
        ),
        (
            "remove_metadef_property",
            "Delete a property",
            f"DELETE {_NS}/{{namespace}}/properties/{{property_name}}",
        ),
        ("add_metadef_tag", "Create a tag", f"POST {_NS}/{{namespace}}/tags/{{tag_name}}"),
        ("add_metadef_tags", "Create tags", f"POST {_NS}/{{namespace}}/tags"),
        ("modify_metadef_tag", "Rename a tag", f"PUT {_NS}/{{namespace}}/tags/{{tag_name}}"),
        ("delete_metadef_tag", "Delete a tag", f"DELETE {_NS}/{{namespace}}/tags/{{tag_name}}"),
        ("delete_metadef_tags", "Delete all tags", f"DELETE {_NS}/{{namespace}}/tags"),
        (
            "add_metadef_resource_type_association",
            "Say what a namespace is for",
            f"POST {_NS}/{{namespace}}/resource_types",
        ),
        (
            "remove_metadef_resource_type_association",
            "Take back what a namespace is for",
            f"DELETE {_NS}/{{namespace}}/resource_types/{{name}}",
        ),
    )
]
