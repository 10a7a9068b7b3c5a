"""Conventions of the compute API: Nova's names of policy rules, PUT for changes."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Page, Resource, Style


class ComputeStyle(Style):
    """Paths begin with ``os-``, rules are named after paths, create answers with status 200."""

    def path(self, resource: Resource) -> str:
        return f"/os-{resource.collection.replace('_', '-')}"

    def rule(self, resource: Resource, verb: str) -> str:
        return f"os_compute_api:{resource.at[1:]}:{verb}"

    def options(self, resource: Resource, verb: str) -> dict[str, Any]:
        options = super().options(resource, verb)
        return {**options, "status": 200} if verb == "create" else options

    def page(self, ctx: Context, resource: Resource) -> Page:
        """All rows: lists with pages have own handlers, as pages depend on the microversion."""
        assert resource.listing is not None
        return resource.listing.asked(ctx, limit=0, marker="", whole=True)


STYLE = ComputeStyle()
