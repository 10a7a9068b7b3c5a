"""Resources of an API, declared as data: everything about a resource is in one place.

    FLAVORS = Resource(
        "flavor",
        STYLE,                                # the conventions of this service's API
        load=flavors.get,                     # loads one row; raises NotFound
        rendered=each(render),                # rows -> documents of the API
        listing=Listing(                      # visible rows; filters, order, pages
            Flavor,
            visible=flavors.visible,
            filters={"name": named(Flavor.name)},
            sort_keys={"name": Flavor.name},
        ),
        create=Verb(flavors.create, body=schemas.CREATE),
        delete=Verb(flavors.remove),
    )
    ROUTES = FLAVORS.routes

A declaration becomes routes (kernel/http/routing.py); routes with handlers written by hand stand
beside it. The policy is checked in two places: by the kernel before a handler runs, as the route
declares (``rule``, ``load``, ``target``), and by ``ctx.authorize`` in a handler that knows the rule
only during its work.
"""

from stratolith.kernel.http.resource.attributes import (
    MISSING,
    READ_ONLY,
    Attribute,
    Attributes,
    Converter,
    Invalid,
)
from stratolith.kernel.http.resource.declaration import Parent, Resource, Style, Verb, each
from stratolith.kernel.http.resource.filters import (
    AnyFilter,
    ByCaller,
    Column,
    Condition,
    Filter,
    before,
    boolean,
    exact,
    integer,
    like,
    moment,
    named,
    parse_bool,
    parse_bools,
    since,
    tag_filters,
)
from stratolith.kernel.http.resource.listing import (
    InvalidLimit,
    InvalidMarker,
    InvalidSort,
    Listing,
    Page,
    Reader,
    asked_limit,
    in_order,
    next_link,
)

__all__ = [
    "MISSING",
    "READ_ONLY",
    "AnyFilter",
    "Attribute",
    "Attributes",
    "ByCaller",
    "Column",
    "Condition",
    "Converter",
    "Filter",
    "Invalid",
    "InvalidLimit",
    "InvalidMarker",
    "InvalidSort",
    "Listing",
    "Page",
    "Parent",
    "Reader",
    "Resource",
    "Style",
    "Verb",
    "asked_limit",
    "before",
    "boolean",
    "each",
    "exact",
    "in_order",
    "integer",
    "like",
    "moment",
    "named",
    "next_link",
    "parse_bool",
    "parse_bools",
    "since",
    "tag_filters",
]
