"""Query strings of searches: resources, traits, aggregates, and request groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.ids import is_uuid
from stratolith.placement.api.freshness import at_least
from stratolith.placement.exceptions import BadQueryValue, MissingQueryValue
from stratolith.placement.managers.search import Group, Request, Wishes
from stratolith.placement.schemas.names import NAME, NUMBERED_SUFFIX, SUFFIX

MAX_AMOUNT = 1 << 53


def parse_resources(text: str) -> dict[str, int]:
    """``VCPU:2,MEMORY_MB:1024`` as class -> amount; raises BadRequest."""
    amounts: dict[str, int] = {}
    for part in text.split(","):
        name, colon, amount = part.partition(":")
        if not colon or not re.match(NAME, name):
            raise BadRequest(
                "Badly formed resources parameter. Expected resources query string parameter in "
                f"form: ?resources=VCPU:2,MEMORY_MB:1024. Got: {part or 'empty string'}."
            )
        if not amount.isascii() or not amount.isdigit() or not 1 <= int(amount) < MAX_AMOUNT:
            raise BadRequest(
                f"Requested resource {name} expected positive integer amount. Got: {amount}."
            )
        amounts[name] = int(amount)
    return amounts


def parse_traits(ctx: Context, values: Sequence[str]) -> tuple[list[frozenset[str]], set[str]]:
    """(sets of traits, of each of which one is required; forbidden traits); raises BadRequest."""
    required: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for value in values if at_least(ctx, 39) else values[-1:]:
        any_of = value.startswith("in:")
        if any_of and not at_least(ctx, 39):
            raise BadRequest("The format 'in:TRAIT,TRAIT' is known since microversion 1.39.")
        names = [name.strip() for name in value.removeprefix("in:").split(",")]
        denied = [name.lstrip("!") for name in names if name.startswith("!")]
        if not all(names) or not all(denied):
            raise BadRequest(
                "Invalid query string parameters: Expected 'required' parameter value of the "
                f"form: HW_CPU_X86_VMX,CUSTOM_MAGIC. Got an empty trait in: {value}"
            )
        if denied and (any_of or not at_least(ctx, 22)):
            raise BadRequest(f"Forbidden traits are not supported here. Got: {value}")
        if any_of:
            required.append(frozenset(names))
            continue
        required += [frozenset([name]) for name in names if not name.startswith("!")]
        forbidden.update(denied)
    return required, forbidden


def parse_member_of(ctx: Context, values: Sequence[str]) -> tuple[list[frozenset[str]], set[str]]:
    """(sets of aggregates, of each of which one is required; forbidden ones); raises BadRequest."""
    if len(values) > 1 and not at_least(ctx, 24):
        raise BadRequest("Multiple member_of parameters are not supported before 1.24.")
    required: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for value in values:
        denies, text = value.startswith("!"), value.removeprefix("!")
        if denies and not at_least(ctx, 32):
            raise BadRequest("Forbidden member_of parameters are not supported before 1.32.")
        if "," in text and not text.startswith("in:"):
            raise BadRequest(
                f"Multiple values for 'member_of' must be prefixed with 'in:' or '!in:'. "
                f"Got: {value}"
            )
        uuids = text.removeprefix("in:").split(",")
        for uuid in uuids:
            if not is_uuid(uuid):
                raise BadRequest(
                    "Invalid query string parameters: Expected 'member_of' parameter to contain "
                    f"valid UUID(s). Got: {uuid}"
                )
        if denies:
            forbidden.update(uuids)
        else:
            required.append(frozenset(uuids))
    return required, forbidden


def parse_wishes(ctx: Context, suffix: str = "") -> Wishes:
    """Traits and aggregates of one group; raises BadRequest."""
    required, forbidden = parse_traits(ctx, ctx.query.getlist(f"required{suffix}"))
    member_of, outside = parse_member_of(ctx, ctx.query.getlist(f"member_of{suffix}"))
    for any_of in required:
        if any_of <= forbidden:
            raise BadRequest(
                "Conflicting required and forbidden traits found in the following traits keys: "
                f"required{suffix}: ({', '.join(sorted(any_of))})"
            )
    return Wishes(required, frozenset(forbidden), member_of, frozenset(outside))


def parse_request(ctx: Context) -> Request:
    """The whole query of GET /allocation_candidates; raises BadRequest."""
    suffixes = _suffixes(ctx)
    groups = [_group(ctx, suffix) for suffix in suffixes]
    if not any(group.resources for group in groups):
        raise MissingQueryValue("There must be at least one resources or resources[$S] parameter.")
    subtrees = [frozenset(text.split(",")) for text in ctx.query.getlist("same_subtree")]
    _check_subtrees(ctx, groups, subtrees)
    policy = ctx.query.get("group_policy")
    if policy not in (None, "none", "isolate"):
        raise BadQueryValue(f"group_policy must be none or isolate. Got: {policy}")
    if policy is None and sum(1 for group in groups if group.suffix and group.resources) > 1:
        raise BadRequest(
            'The "group_policy" parameter is required when specifying more than one '
            '"resources{N}" parameter.'
        )
    return Request(
        groups=sorted(groups, key=lambda group: group.suffix),
        isolate=policy == "isolate",
        root=_root_wishes(ctx),
        same_subtrees=subtrees,
        limit=_limit(ctx),
    )


def _limit(ctx: Context) -> int | None:
    text = ctx.query.get("limit")
    if text is None:
        return None
    if not re.match(r"^[1-9][0-9]{0,8}\Z", text):
        raise BadRequest(f"Invalid query string parameters: limit must be positive. Got: {text}")
    return int(text)


def _suffixes(ctx: Context) -> list[str]:
    """Suffixes of the groups in the query; raises BadRequest for unknown parameters."""
    prefixes = ["resources"]
    prefixes += ["required"] if at_least(ctx, 17) else []
    prefixes += ["member_of"] if at_least(ctx, 21) else []
    prefixes += ["in_tree"] if at_least(ctx, 31) else []
    suffix = SUFFIX if at_least(ctx, 33) else NUMBERED_SUFFIX
    pattern = re.compile(rf"^({'|'.join(prefixes)})({suffix})?\Z")
    known = {"limit": 16, "group_policy": 25, "root_required": 35, "same_subtree": 36}
    suffixes: dict[str, None] = {}
    for name in ctx.query:
        if name in known and at_least(ctx, known[name]):
            continue
        match = pattern.match(name)
        if match is None or (match[2] and not at_least(ctx, 25)):
            raise BadRequest(f"Invalid query string parameters: '{name}' is not known here.")
        suffixes[match[2] or ""] = None
    return list(suffixes)


def _group(ctx: Context, suffix: str) -> Group:
    text = ctx.query.get(f"resources{suffix}")
    group = Group(
        suffix=suffix,
        resources=parse_resources(text) if text is not None else {},
        wishes=parse_wishes(ctx, suffix),
    )
    in_tree = ctx.query.get(f"in_tree{suffix}")
    if in_tree is None:
        return group
    if not is_uuid(in_tree.strip()):
        raise BadRequest(
            "Invalid query string parameters: Expected 'in_tree' parameter to be a format of "
            f"uuid. Got: {in_tree}"
        )
    return replace(group, in_tree=in_tree.strip())


def _root_wishes(ctx: Context) -> Wishes:
    values = ctx.query.getlist("root_required")
    if len(values) > 1:
        raise BadRequest("Query parameter 'root_required' may be specified only once.")
    if any(value.startswith("in:") for value in values):
        raise BadRequest("The 'in:' format is not supported for 'root_required'.")
    required, forbidden = parse_traits(ctx, values)
    for any_of in required:
        if any_of <= forbidden:
            raise BadRequest(
                "Conflicting required and forbidden traits found in root_required: "
                f"{', '.join(sorted(any_of))}"
            )
    return Wishes(required, frozenset(forbidden))


def _check_subtrees(
    ctx: Context, groups: Sequence[Group], subtrees: Sequence[frozenset[str]]
) -> None:
    named = frozenset().union(*subtrees) if subtrees else frozenset[str]()
    unknown = named - {group.suffix for group in groups if group.suffix}
    if unknown:
        raise BadQueryValue(
            "Real suffixes should be specified in `same_subtree`: "
            f"{', '.join(sorted(unknown))} not found."
        )
    bare = [group.suffix for group in groups if not group.resources]
    if bare and not at_least(ctx, 36):
        raise BadRequest("All request groups must specify resources.")
    bad = [suffix for suffix in bare if suffix not in named]
    if bad:
        raise BadQueryValue(
            "Resourceless suffixed group request should be specified in `same_subtree`: "
            f"bad group(s) - {', '.join(bad)}."
        )
