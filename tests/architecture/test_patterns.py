"""No pattern over text of a client can be made slow by that text.

Every regular expression of the code is matched against strings made to hurt it: for each of its
repetitions, what leads there, then far more of what it repeats than any field may hold, then
signs it does not expect. A backtracking matcher needs seconds to centuries for a bad expression,
a good expression is done at once; so the work is given to a process that may take a while, and
is named when that process does not come to its end.
"""

from __future__ import annotations

import ast
import importlib
import multiprocessing
import pkgutil
import re
import re._constants as sre
import re._parser as parser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import stratolith
from stratolith.kernel.http.validation import FORMATS

from ..routes import routes

SOURCES = Path(stratolith.__file__).parent
LENGTH = 70_000  # more than user data may have, which is the longest text
LIMIT_SECONDS = 60  # for one expression and all that hurts it, on a crowded machine
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
# Commands of the operator, over files and output of our own.
OPERATORS = "deploy"
NOT_IMPORTED = (
    f"stratolith.{OPERATORS}", "stratolith.__main__", "stratolith.kernel.db.alembic"
)  # fmt: skip
# Expressions that are no constants, and who writes them.
WRITTEN_BY = {
    "identity/managers/login/password_rules.py": "the operator, in a setting; passwords are short",
    "identity/settings.py": "the operator, in a setting",
    "image/managers/property_rules.py": "the operator, in a file",
    "kernel/policy/compiler.py": "the operator, in policy.yaml",
    "compute/schemas/extra_specs.py": "us: the table is in the same file",
    "placement/api/queries.py": "us: put together of constants",
    "placement/api/resource_classes.py": "us: a constant of the schemas",
    "placement/api/traits.py": "us: a constant of the schemas",
}


def calls() -> Iterator[tuple[str, str, ast.expr]]:
    """(file, function, expression) of each call of the ``re`` module."""
    for path in sorted(SOURCES.rglob("*.py")):
        if path.is_relative_to(SOURCES / OPERATORS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in FUNCTIONS
            ):
                yield str(path.relative_to(SOURCES)), node.func.attr, node.args[0]


def constants() -> set[tuple[str, bool]]:
    """(expression, whether it is looked for anywhere in a text) of all uses of ``re``."""
    found = set()
    for _, function, argument in calls():
        if isinstance(argument, ast.Constant) and function != "compile":
            text = argument.value
            anywhere = function not in ("match", "fullmatch")
            found.add((text if isinstance(text, str) else text.decode(), anywhere))
    for info in pkgutil.walk_packages(stratolith.__path__, "stratolith."):
        if info.name.startswith(NOT_IMPORTED):
            continue
        module = importlib.import_module(info.name)
        source = Path(str(module.__file__)).read_text()
        for name, value in vars(module).items():
            anywhere = re.search(rf"\b{name}\.(search|sub|split|find\w+)\(", source) is not None
            found |= {(text, anywhere) for text in compiled(value)}
    return found


def compiled(value: Any) -> Iterator[str]:
    if isinstance(value, re.Pattern):
        yield value.pattern if isinstance(value.pattern, str) else value.pattern.decode()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from compiled(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from compiled(inner)


def in_schemas() -> set[str]:
    """Expressions of the bodies' and queries' schemas, matched by the validation library."""
    found: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("pattern"), str):
                found.add(value["pattern"])
            properties = value.get("patternProperties")
            found.update(properties if isinstance(properties, dict) else ())
            for inner in value.values():
                visit(inner)
        elif isinstance(value, list):
            for inner in value:
                visit(inner)

    for _, route, _ in routes():
        for schema in (route.body, route.query):
            if schema is not None:
                visit(schema.base)
                visit(schema.document(None))
    return found


# -- strings that hurt ---------------------------------------------------------------------------


def sample(items: Any) -> str:
    """A short text that the parsed expression would take, roughly."""
    return "".join(_sample(kind, value) for kind, value in items)


def _sample(kind: Any, value: Any) -> str:
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.IN:
        return _of_class(value)
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return sample(value[2]) * max(value[0], 1)
    if kind is sre.SUBPATTERN:
        return sample(value[3])
    if kind is sre.BRANCH:
        return sample(value[1][0])
    return "a" if kind in (sre.ANY, sre.NOT_LITERAL) else ""


def _of_class(value: Any) -> str:
    signs = " aA0_.-/\t~é\n"
    text = "[" + "".join(_class_part(*one) for one in value) + "]"
    return next((sign for sign in signs if re.match(text, sign)), "a")


def _class_part(kind: Any, value: Any) -> str:
    if kind is sre.NEGATE:
        return "^"
    if kind is sre.LITERAL:
        return re.escape(chr(value))
    if kind is sre.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    names = {sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_SPACE: r"\s", sre.CATEGORY_WORD: r"\w"}
    return names.get(value, r"\S")


def repetitions(items: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """(what leads to a repetition, what it repeats), inner ones as well."""
    for kind, value in items:
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            if value[1] > 10:
                yield before, sample(value[2]) or "a"
            yield from repetitions(value[2], before)
        elif kind is sre.SUBPATTERN:
            yield from repetitions(value[3], before)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from repetitions(branch, before)
        before += _sample(kind, value)


def hostile(expression: str) -> Iterator[str]:
    parsed = parser.parse(expression)
    for before, unit in [("", " "), ("", "a"), ("", "0"), *repetitions(parsed)]:
        for tail in ("", "!", "\x00\n", unit + "\x00"):
            yield before + unit * (LENGTH // len(unit)) + tail
            yield before + unit * 40 + tail


def hurt_python(use: tuple[str, bool]) -> None:
    expression, anywhere = use
    pattern = re.compile(expression)
    for text in hostile(expression):
        pattern.match(text)
        pattern.fullmatch(text)
        if anywhere:
            pattern.search(text)


def hurt_schema(expression: str) -> None:
    validator = jsonschema_rs.Draft7Validator({"type": "string", "pattern": expression})
    for text in hostile(expression):
        validator.is_valid(text)


def hurt_format(name: str) -> None:
    for sign in (" ", "a", "0", "/", ":", "=", "-", ".", "A="):
        for tail in ("", "!", "/8", "=="):
            FORMATS[name](sign * LENGTH + tail)


def comes_to_its_end(work: Any, argument: Any) -> bool:
    process = multiprocessing.get_context("fork").Process(target=work, args=(argument,))
    process.start()
    process.join(LIMIT_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return False
    return process.exitcode == 0


def comes_to_its_end_each(work: Any, arguments: list[Any]) -> list[Any]:
    """Those that did not; all are tried in one process first, for speed."""

    def everything(_: None) -> None:
        for argument in arguments:
            work(argument)

    if comes_to_its_end(everything, None):
        return []
    return [argument for argument in arguments if not comes_to_its_end(work, argument)]


def test_expressions_of_the_code_are_quick() -> None:
    assert comes_to_its_end_each(hurt_python, sorted(constants())) == []


def test_expressions_of_schemas_are_quick() -> None:
    assert comes_to_its_end_each(hurt_schema, sorted(in_schemas())) == []


def test_formats_are_quick() -> None:
    assert comes_to_its_end_each(hurt_format, sorted(FORMATS)) == []


def test_nobody_else_writes_expressions() -> None:
    """An expression that is no constant is named above, or it is a client's."""
    unknown = {
        file
        for file, _, argument in calls()
        if not isinstance(argument, ast.Constant) and file not in WRITTEN_BY
    }
    assert not unknown


@pytest.mark.parametrize("expression", [r"^(a|a)*b$", r"^[a-z\s]*\s*$", r"(a+)+b", r"^(.*a){12}$"])
def test_a_bad_expression_is_found(expression: str) -> None:
    """Else the tests above would pass for another reason."""
    global LIMIT_SECONDS
    before, LIMIT_SECONDS = LIMIT_SECONDS, 2
    try:
        assert not comes_to_its_end(hurt_python, (expression, True))
    finally:
        LIMIT_SECONDS = before
