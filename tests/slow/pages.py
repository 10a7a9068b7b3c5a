"""The commands of a page of the documentation, taken from its text, and what runs them.

Every indented block is run in the order of the page. What cannot be run as it stands is changed
by a rule of the page's plan, or left out by one that says why: a block that no rule names is run
as it is, so that new blocks and new pages are covered by themselves.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.installation import clean_environment

CHECKOUT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:^    .*\n|^\n(?=    ))+", re.MULTILINE)
LIST = re.compile(r"^( {0,3}[-*]|\d+\.) ")  # an indented line below one is text of the item


@dataclass(frozen=True)
class Plan:
    """How a page is run.

    change: regular expression -> replacement, in every block. skip: the first line of a block ->
    why it is not run. expect: the first line of a block -> what its output must show.
    """

    is_real: bool = False
    cleanup: str = "./stratolith destroy --yes"  # at the end, however the page ends
    needs_cloud: str = ""  # commands before the first block, for a page that begins with a cloud
    change: Mapping[str, str] = field(default_factory=dict)
    skip: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, Sequence[str]] = field(default_factory=dict)


def blocks(text: str) -> list[str]:
    """The blocks of commands, without their indentation."""
    found = []
    for match in BLOCK.finditer(text):
        before = text[: match.start()].rstrip("\n").rsplit("\n", 1)[-1]
        if LIST.match(before) or before.startswith("  "):
            continue
        lines = [line.removeprefix("    ") for line in match[0].strip("\n").split("\n")]
        if any(line.strip() for line in lines):
            found.append("\n".join(lines))
    return found


def script(page: Path, plan: Plan) -> tuple[str, list[str]]:
    """The shell script of a page; (text, first lines of its blocks). AssertionError when a rule
    of the plan names a block that the page does not have."""
    found = blocks(page.read_text())
    firsts = [one.split("\n")[0] for one in found]
    for rule in (*plan.skip, *plan.expect):
        assert rule in firsts, f"{page.name} has no block that begins with: {rule}"
    parts = ["set -e", 'sudo() { "$@"; }', plan.needs_cloud]
    for number, (first, block) in enumerate(zip(firsts, found, strict=True)):
        if first in plan.skip:
            continue
        for pattern, replacement in plan.change.items():
            block = re.sub(pattern, replacement, block)
        parts.append(f"echo '== {number}'\n{block}")
    return "\n".join(parts) + "\n", firsts


def clone(place: Path, *, is_real: bool) -> Path:
    """A checkout of a newcomer, with what the machine has fetched already."""
    target = place / "stratolith"
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, target], check=True)
    cache = CHECKOUT / ".cache" / "guest-image"
    if cache.is_dir():
        shutil.copytree(cache, target / ".cache" / "guest-image")
    # What a real cloud runs in has no way to the package registries.
    command = ["image", "build"] if is_real else ["--version"]
    words = [target / "stratolith", *command]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=clean_environment())
    return target


OWN_ROOT = """
set -e
ip link set lo up
for folder in etc var/lib run mnt; do
    upper=$0/$folder.upper work=$0/$folder.work
    mkdir -p "$upper" "$work"
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$upper,workdir=$work" "/$folder"
done
exec bash "$1"
"""


def run(text: str, place: Path, *, is_real: bool) -> str:
    """Run a script as a newcomer in ``place``; gives what it printed.

    A real cloud gets a network and a mount namespace of its own, in which it may write to the
    system's directories without touching those of this machine.
    """
    (place / "script").write_text(text)
    (place / "home").mkdir()
    layers = place / "layers"
    layers.mkdir()
    words = ["bash", str(place / "script")]
    if is_real:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6g", "stltest", layers], check=True)
        words = ["unshare", "--net", "--mount", "--propagation", "private",
                 "bash", "-c", OWN_ROOT, str(layers), str(place / "script")]  # fmt: skip
    tools = Path(sys.executable).parent  # the OpenStack client
    env = clean_environment()
    env |= {"HOME": str(place / "home"), "PATH": f"{tools}:{env['PATH']}:/usr/sbin:/sbin"}
    try:
        answer = subprocess.run(
            words, cwd=place / "stratolith", env=env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500,
        )  # fmt: skip
    finally:
        if is_real:
            subprocess.run(["umount", "--lazy", layers], check=False)
    assert answer.returncode == 0, answer.stdout[-5000:]
    return answer.stdout
