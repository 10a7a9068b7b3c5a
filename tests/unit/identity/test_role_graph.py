"""What implied roles add up to."""

from __future__ import annotations

from stratolith.identity.managers.role_graph import RoleGraph

GRAPH = RoleGraph(
    names={"a": "admin", "m": "member", "r": "reader", "d": "local"},
    domains={"a": "", "m": "", "r": "", "d": "default"},
    implies={"a": ("m",), "m": ("r",), "d": ("m",)},
)


def test_implication_is_followed_to_the_end() -> None:
    assert GRAPH.closure(["a"]) == ["a", "m", "r"]
    assert GRAPH.closure(["r", "a", "a"]) == ["r", "a", "m"]


def test_a_role_of_a_domain_gives_only_what_it_implies() -> None:
    assert GRAPH.for_token(["d"]) == [("m", "member"), ("r", "reader")]


def test_a_circle_ends() -> None:
    circle = RoleGraph({}, {}, {"x": ("y",), "y": ("x",)})
    assert circle.closure(["x"]) == ["x", "y"]


def test_an_unknown_role_gives_nothing() -> None:
    assert GRAPH.for_token(["gone"]) == []
