"""Expressions of users: what they match, what is refused, and that none takes long."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from stratolith.kernel.http.validation import FORMATS
from stratolith.kernel.matching import BadExpression, Expression, among, is_plain, matching


@pytest.mark.parametrize(
    ("text", "subject", "found"),
    [
        ("web[0-9]+", "my-WEB12", True),
        ("^web$", "web1", False),
        ("te&st", "TE&ST", True),
        ("\u00e4b", "\u00c4B", True),
        ("", "anything", True),
    ],
)
def test_search(text: str, subject: str, found: bool) -> None:
    assert Expression.parse(text).search(subject) is found


def test_letter_case_where_it_matters() -> None:
    assert not Expression.parse("web", case_sensitive=True).search("WEB")


@pytest.mark.parametrize(
    "text", ["(", "[a", "*a", r"(a)\1", "(?=a)b", "(?<!a)b", "a" * 256, "(a{0,99}){99}", "\ud800"]
)
def test_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        Expression.parse(text)


@pytest.mark.parametrize("text", ["(a|a)*b", "(a*)*b", "(a+)+$b", "(.*a){12}b", "(a|b|ab)*c"])
def test_what_keeps_other_matchers_busy_ends_here(text: str) -> None:
    assert not Expression.parse(text).search("a" * 100_000)


def test_plain_texts() -> None:
    assert is_plain("web-1:a/b c_d@e")
    assert not any(is_plain(text) for text in ("a.b", "a*", "a\nb", "\u00e4", "a|b"))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("", True),
        ("aGFs", True),
        ("aGE=", True),
        ("aA==", True),
        ("aG\nE =", True),
        ("aGE", False),
        ("a===", False),
        ("a=Gs", False),
        (" " * 200_000 + "!", False),
        ("A" * 200_000 + "!!!!", False),
    ],
)
def test_base64(text: str, good: bool) -> None:
    assert FORMATS["base64"](text) is good


class _Base(DeclarativeBase):
    pass


class _Thing(_Base):
    __tablename__ = "things"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]


def test_rows_of_a_table() -> None:
    engine = create_engine("sqlite://")
    _Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_Thing(id=str(n), name=f"Web-{n}") for n in range(40_000))
        session.add(_Thing(id="none", name=None))
        session.flush()
        every = select(_Thing)
        found = matching(session, every, _Thing.id, _Thing.name, Expression.parse("^web-.*"))
        assert len(session.scalars(every.where(found)).all()) == 40_000
        assert session.scalars(every.where(among(session, _Thing.id, []))).all() == []
