"""How the compute API asks and answers: Nova's names of rules, PUT for changes."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Page, Resource, Style


class ComputeStyle(Style):
    """Paths are ``os-`` things, rules are named after them; what is made is answered with 200."""

    def path(self, resource: Resource) -> str:
        return f"/os-{resource.collection.replace('_', '-')}"

    def rule(self, resource: Resource, verb: str) -> str:
        return f"os_compute_api:{resource.at[1:]}:{verb}"

    def options(self, resource: Resource, verb: str) -> dict[str, Any]:
        found = super().options(resource, verb)
        return {**found, "status": 200} if verb == "create" else found

    def page(self, ctx: Context, resource: Resource) -> Page:
        """Every row: lists with pages ask for them by hand, each in its own microversions."""
        assert resource.listing is not None
        return resource.listing.asked(ctx, limit=0, marker="", whole=True)


STYLE = ComputeStyle()
