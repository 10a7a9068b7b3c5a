"""The configuration file: generated from the typed sections, every key documented.

Keys at their default are written as comments, so that a later version may change a default
and the file shows at a glance what this cloud has set. Values given to `up` are set in place;
everything else that the user wrote in the file stays.
"""

from __future__ import annotations

import re
import textwrap
import typing
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from stratolith import roster
from stratolith.kernel.config import KERNEL_SECTIONS, Section

WIDTH = 96
HEADER = """\
Stratolith's configuration. A key that is commented out has the value shown.
Files in conf.d/ beside this one come after it, in name order; a variable such as
STRATOLITH_API_THREADS in the environment beats both. Secrets are not here but in
secrets.json in the state directory. After a change: stratolith up
"""

Values = Mapping[str, Mapping[str, Any]]


def sections() -> dict[str, type[Section]]:
    """Every configuration section, from the ``settings`` module of each service.

    Imports no other module, so that `up` and the agent need not load the services.
    """
    by_name = dict(KERNEL_SECTIONS)
    for folder, settings in roster.rooms("settings"):
        for value in vars(settings).values():
            if isinstance(value, type) and issubclass(value, Section) and value is not Section:
                by_name[folder] = value
    return by_name


def sample(kinds: Mapping[str, type[Section]], values: Values | None = None) -> str:
    """The file's text with these values set and all other keys shown as comments."""
    blocks = [_comment(HEADER.strip())]
    for name, kind in kinds.items():
        blocks.append(_section(name, kind, (values or {}).get(name, {})))
    return "\n\n".join(blocks) + "\n"


def set_values(text: str, values: Values) -> str:
    """The text with these keys set, everything else as the user left it."""
    for section, keys in values.items():
        for key, value in keys.items():
            text = _set(text, section, key, value)
    return text


def show(kinds: Mapping[str, type[Section]], named: Mapping[str, Section]) -> str:
    """The values in force, as YAML."""
    return yaml.safe_dump(
        {name: msgspec.to_builtins(named[name]) for name in kinds}, sort_keys=False
    )


def undocumented(kinds: Mapping[str, type[Section]]) -> list[str]:
    """Keys without a description, which must not exist."""
    return [
        f"{name}.{field.name}"
        for name, kind in kinds.items()
        for field in msgspec.structs.fields(kind)
        if not _description(kind, field.name)
    ]


def _section(name: str, kind: type[Section], values: Mapping[str, Any]) -> str:
    title = (kind.__doc__ or "").strip().splitlines()
    lines = [_comment(title[0])] if title else []
    lines.append(f"{name}:")
    for field in msgspec.structs.fields(kind):
        lines.append(_comment(_help(kind, field), indent="  "))
        default = _default(field)
        value = values.get(field.name, default)
        mark = "" if field.name in values and value != default else "# "
        lines.append(f"  {mark}{field.name}: {_scalar(value)}")
    return "\n".join(lines)


def _help(kind: type[Section], field: msgspec.structs.FieldInfo) -> str:
    text = _description(kind, field.name)
    meta = _meta(kind, field.name)
    if meta is not None:
        text += _limits(meta)
    return text


def _limits(meta: msgspec.Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f" From {meta.ge} to {meta.le}."
    words = {"At least": meta.ge, "More than": meta.gt, "At most": meta.le, "Less than": meta.lt}
    return "".join(f" {word} {limit}." for word, limit in words.items() if limit is not None)


def _description(kind: type[Section], key: str) -> str:
    meta = _meta(kind, key)
    return (meta.description or "") if meta is not None else ""


def _meta(kind: type[Section], key: str) -> msgspec.Meta | None:
    hint = typing.get_type_hints(kind, include_extras=True)[key]
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, msgspec.Meta):
            return extra
    return None


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory())
    return None


def _comment(text: str, indent: str = "") -> str:
    lines = [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(part, WIDTH - len(indent) - 2) or [""]
    ]
    # A second "#" tells words from keys that are commented out.
    return "\n".join(f"{indent}## {line}".rstrip() for line in lines)


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000).strip()
    return text.removesuffix("...").strip()


def _set(text: str, section: str, key: str, value: Any) -> str:
    line = f"  {key}: {_scalar(value)}"
    begin = re.search(rf"^{re.escape(section)}:[ \t]*$", text, re.MULTILINE)
    if begin is None:
        return f"{text.rstrip()}\n\n{section}:\n{line}\n"
    following = re.search(r"^[A-Za-z_]", text[begin.end() :], re.MULTILINE)
    end = begin.end() + following.start() if following else len(text)
    body = text[begin.end() : end]
    known = re.compile(rf"^[ ]+(# )?{re.escape(key)}:.*$", re.MULTILINE)
    # A key that is set comes before the same key commented out, wherever they stand.
    hits = sorted(known.finditer(body), key=lambda hit: hit.group(1) is not None)
    if not hits:
        return f"{text[: begin.end()]}\n{line}{body}{text[end:]}"
    body = body[: hits[0].start()] + line + body[hits[0].end() :]
    return text[: begin.end()] + body + text[end:]
