"""The documentation agrees with the code: generated pages, links, names of things."""

from __future__ import annotations

import argparse
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from stratolith.__main__ import parser
from stratolith.kernel import metrics
from stratolith.roster import BUILT_IN

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def tool(name: str) -> ModuleType:
    """A script of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["config_reference", "api_coverage"])
def test_generated_pages_are_current(name: str) -> None:
    generator = tool(name)
    command = f".venv/bin/python tools/{name}.py"
    assert generator.PAGE.read_text() == generator.current(), f"stale; run: {command}"


@pytest.mark.parametrize("name", ["config_reference", "api_coverage"])
def test_generators_are_deterministic(name: str) -> None:
    generator = tool(name)
    assert generator.current() == generator.current()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if "://" in target:
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{page.name} links to {target}"
        if anchor and found.suffix == ".md":
            assert anchor[1:] in anchors(found), f"{page.name} links to {target}{anchor}"


def test_the_example_of_a_resource_is_the_one_that_runs() -> None:
    sample = ROOT / "tests" / "sample_package" / "src" / "stratolith_sample" / "greetings.py"
    page = (DOCS / "howto" / "add-a-resource.md").read_text()
    example = "".join(
        f"    {line}" if line.strip() else line for line in sample.read_text().splitlines(True)
    )
    assert example in page


def anchors(page: Path) -> set[str]:
    """The names by which headings can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_names_every_page() -> None:
    named = {
        (DOCS / target).resolve() for target, _ in LINK.findall((DOCS / "README.md").read_text())
    }
    missing = [str(page) for page in PAGES if page not in named and page != DOCS / "README.md"]
    assert missing == []


def test_every_command_and_option_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "commands.md").read_text()
    for name, command in commands().items():
        assert f"## {name}\n" in text, name
        section = text.split(f"## {name}\n")[1].split("\n## ")[0]
        for option in options(command) - {"--help", "--state-dir"}:
            assert f"`{option}" in section, f"{name} {option}"


def test_no_command_or_option_is_invented() -> None:
    text = (DOCS / "reference" / "commands.md").read_text()
    known = {option for command in commands().values() for option in options(command)}
    assert set(re.findall(r"^## ([\w-]+)$", text, re.MULTILINE)) == set(commands())
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= known | {"--version"}


def commands() -> dict[str, argparse.ArgumentParser]:
    [found] = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found.choices)


def options(command: argparse.ArgumentParser) -> set[str]:
    """The long options of a command and of its own commands (`image import`)."""
    found = {word for action in command._actions for word in action.option_strings[-1:]}
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {word for below in action.choices.values() for word in options(below)}
    return found


def test_every_port_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "ports-and-files.md").read_text()
    for line in BUILT_IN:
        for port, name in line.ports.items():
            assert re.search(rf"^\| {port} \| {name}", text, re.MULTILINE), port


def test_every_metric_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "metrics.md").read_text()
    for family in metrics.REGISTRY.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"`{name}`" in text, name
