"""`network map`: physical networks, bridges, networks and devices of each host, as text or SVG."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from stratolith.deploy import hosts
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout

_ROW, _COLUMN, _WIDTH, _HEIGHT, _MARGIN = 30, 300, 270, 22, 20
_COLOURS = ("#dbe9f6", "#e6f2dc", "#fbf0d5", "#f7e1dc", "#eeeeee")


@dataclass
class Node:
    """A box of the map with what is connected to it on the side of the guests."""

    text: str
    parts: list[Node] = field(default_factory=list)


def show(layout: Layout, *, svg: Path | None, as_json: bool) -> int:
    """Print the map, or write it as SVG; raises DeployError."""
    document = hosts.ask(layout, "GET", "/v1/cloud/network-map")["hosts"]
    if as_json:
        print(json.dumps(document, indent=2))
        return 0
    nodes = [_of_host(host) for host in document]
    if svg is None:
        print("\n".join(line for node in nodes for line in text_lines(node)))
        return 0
    try:
        svg.write_text(drawing(nodes))
    except OSError as error:
        raise DeployError(f"The map cannot be written to {svg}: {error.strerror}") from None
    print(f"The map is in {svg}")
    return 0


def _of_host(host: dict[str, Any]) -> Node:
    state = "" if host["alive"] else ", does not report"
    return Node(
        f"host {host['host']} ({host['driver']}{state})",
        [_of_bridge(bridge) for bridge in host["bridges"]],
    )


def _of_bridge(bridge: dict[str, Any]) -> Node:
    words = [f"bridge {bridge['bridge']}", *bridge["addresses"]]
    words += ["NAT by the host"] if bridge["nat"] else []
    node = Node(" ".join(words), [_of_network(network) for network in bridge["networks"]])
    if bridge["physical_network"]:
        return Node(f"physical network {printable(bridge['physical_network'])}", [node])
    return node


def _of_network(network: dict[str, Any]) -> Node:
    number = f" {network['segmentation_id']}" if network["segmentation_id"] is not None else ""
    name = printable(network["name"]) or network["id"]
    text = f"network {name} ({network['type']}{number}, MTU {network['mtu']})"
    text += "".join(f" {cidr}" for cidr in network["subnets"])
    text += f", tunnels to {', '.join(network['tunnels'])}" if network["tunnels"] else ""
    return Node(text, [_of_device(device) for device in network["devices"]])


def _of_device(device: dict[str, Any]) -> Node:
    words = [device["device"], device["kind"], printable(device["name"]), *device["addresses"]]
    return Node(" ".join(word for word in words if word))


def printable(text: str) -> str:
    """A user's text without characters that a terminal or a file could take for commands."""
    return "".join(c if c.isprintable() else "?" for c in text)


def text_lines(node: Node, head: str = "", tail: str = "") -> Iterator[str]:
    """The node and all below it, one line each."""
    yield head + node.text
    for part in node.parts:
        is_last = part is node.parts[-1]
        yield from text_lines(
            part, tail + ("└─ " if is_last else "├─ "), tail + ("   " if is_last else "│  ")
        )


def drawing(nodes: list[Node]) -> str:
    """An SVG picture: hosts on the left, devices on the right, lines between what is connected."""
    boxes: list[tuple[int, int, str]] = []  # column, row, text
    lines: list[tuple[int, int, int]] = []  # column and row of the left end, row of the right one
    row = 0
    for node in nodes:
        row = _place(node, 0, row, boxes, lines)
    width = _MARGIN * 2 + _COLUMN * (1 + max((column for column, _, _ in boxes), default=0))
    height = _MARGIN * 2 + _ROW * max(row, 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *(_line(*line) for line in lines),
        *(_box(*box) for box in boxes),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _place(
    node: Node,
    column: int,
    row: int,
    boxes: list[tuple[int, int, str]],
    lines: list[tuple[int, int, int]],
) -> int:
    """Place a node and all below it from this row on; returns the next free row."""
    boxes.append((column, row, node.text))
    next_row = row
    for part in node.parts:
        lines.append((column, row, next_row))
        next_row = _place(part, column + 1, next_row, boxes, lines)
    return max(next_row, row + 1)


def _line(column: int, row: int, to_row: int) -> str:
    left, right = _MARGIN + column * _COLUMN + _WIDTH, _MARGIN + (column + 1) * _COLUMN
    middle, above, below = (left + right) // 2, _middle(row), _middle(to_row)
    points = f"{left},{above} {middle},{above} {middle},{below} {right},{below}"
    return f'<polyline points="{points}" fill="none" stroke="#888"/>'


def _box(column: int, row: int, text: str) -> str:
    x, y = _MARGIN + column * _COLUMN, _MARGIN + row * _ROW
    shown = text if len(text) <= 46 else text[:45] + "…"
    fill = _COLOURS[min(column, len(_COLOURS) - 1)]
    return (
        f'<g><title>{escape(text)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="3" fill="{fill}" stroke="#555"/>'
        f'<text x="{x + 6}" y="{y + 15}">{escape(shown)}</text></g>'
    )


def _middle(row: int) -> int:
    return _MARGIN + row * _ROW + _HEIGHT // 2
