"""Writes docs/reference/configuration.md from the typed settings of kernel and services.

.venv/bin/python tools/config_reference.py           write the page
.venv/bin/python tools/config_reference.py --check   exit 1 when the page is not current
"""

from __future__ import annotations

import argparse
import json
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from stratolith.deploy import config_file
from stratolith.kernel.config import Section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "configuration.md"
INTRODUCTION = """\
# Configuration

<!-- Written by tools/config_reference.py from the settings; edit those, not this page. -->

One YAML file holds all settings: `/etc/stratolith/stratolith.yaml` for the cloud of the system,
`etc/stratolith.yaml` in the state directory for any other. `up` writes it with every key as a
comment and never takes away what you wrote. A key that is not known is an error that names
the known ones.

What wins, lowest first:

1. the defaults below,
2. the file,
3. `conf.d/*.yaml` beside the file, in the order of their names,
4. variables `STRATOLITH_<SECTION>_<KEY>`, for example `STRATOLITH_API_THREADS=16`; a list is
   written `a,b` or `[a, b]`,
5. options of the command line.

After a change run `stratolith up`: it restarts the processes, guests run on. `stratolith config
show` prints the values in force, `stratolith config sample` the whole file. Secrets are never
here: they are in `secrets.json` in the state directory.
"""


def page(kinds: Mapping[str, type[Section]]) -> str:
    """The whole page, the same for the same settings."""
    blocks = [INTRODUCTION]
    for name, kind in kinds.items():
        title = (kind.__doc__ or "").strip().splitlines()[0]
        rows = [_row(kind, field) for field in msgspec.structs.fields(kind)]
        head = ["| key | type | default | meaning |", "|---|---|---|---|"]
        blocks.append("\n".join([f"## {name}", "", title, "", *head, *rows, ""]))
    return "\n".join(blocks)


def _row(kind: type[Section], field: msgspec.structs.FieldInfo) -> str:
    hint = typing.get_type_hints(kind, include_extras=True)[field.name]
    plain, metas = hint, []
    if typing.get_origin(hint) is typing.Annotated:
        plain, *metas = typing.get_args(hint)
    meta = next((one for one in metas if isinstance(one, msgspec.Meta)), msgspec.Meta())
    words = " ".join([(meta.description or "").strip(), *_limits(meta)])
    cells = [f"`{field.name}`", _type(plain), f"`{json.dumps(_default(field))}`", words]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{one}`" for one in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(one) for one in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    names = {str: "text", int: "integer", float: "number", bool: "true or false"}
    return names.get(hint, "empty" if hint is type(None) else str(hint))


def _limits(meta: msgspec.Meta) -> list[str]:
    found = {"At least": meta.ge, "More than": meta.gt, "At most": meta.le, "Less than": meta.lt}
    return [f"{words} {limit}." for words, limit in found.items() if limit is not None]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory())
    raise ValueError(f"{field.name} has no default")


def current() -> str:
    """What the page must be for the settings of this checkout."""
    return page(config_file.sections())


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, only compare")
    text = current()
    if parser.parse_args().check:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
