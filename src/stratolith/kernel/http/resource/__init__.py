"""Resources of an API, declared: all that a reader asks of one stands in one place.

    FLAVORS = Resource(
        "flavor",
        STYLE,                                # how this service's API asks and answers
        load=flavors.get,                     # one of them; raises NotFound
        rendered=each(render),                # rows to what clients are shown
        listing=Listing(                      # who sees which rows; filters, order, pages
            Flavor,
            visible=flavors.visible,
            filters={"name": named(Flavor.name)},
            sort_keys={"name": Flavor.name},
        ),
        create=Verb(flavors.create, body=schemas.CREATE),
        delete=Verb(flavors.remove),
    )
    ROUTES = FLAVORS.routes

What stands there becomes routes (kernel/http/routing.py), and a handler written by hand is a
route beside them. A rule of the policy is asked in two places: by the kernel before a handler
runs, as its route says (``rule``, ``load``, ``target``), and by ``ctx.authorize`` in a handler
that finds out only by its work what to ask.
"""

from stratolith.kernel.http.resource.attributes import (
    MISSING,
    READ_ONLY,
    Attribute,
    Attributes,
    Converter,
    Invalid,
)
from stratolith.kernel.http.resource.declaration import Resource, Style, Verb, each
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
