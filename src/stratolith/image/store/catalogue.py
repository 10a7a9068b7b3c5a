"""Which stores there are: several of the kind file, and one read-only of the kind http."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stratolith.image.exceptions import UnknownStore
from stratolith.image.settings import ImageSettings
from stratolith.image.store import files
from stratolith.kernel.config import Settings


@dataclass(frozen=True)
class Store:
    """One store; of two that hold an image, the one with more weight is read."""

    id: str
    kind: str  # "file" or "http"
    weight: int

    @property
    def read_only(self) -> bool:
        return self.kind == "http"

    @property
    def default(self) -> bool:
        return self.id == files.NAME


def stores(settings: Settings) -> list[Store]:
    """All stores, the default one first."""
    names = files.names(settings)
    found = [Store(name, "file", len(names) - at) for at, name in enumerate(names)]
    web = settings.of(ImageSettings).web_store
    return [*found, Store(web, "http", 0)] if web and web not in names else found


def ids(settings: Settings) -> list[str]:
    return [one.id for one in stores(settings)]


def writable(settings: Settings, store: str) -> str:
    """The id itself; raises UnknownStore unless data may be written there."""
    known = files.names(settings)
    if store not in known:
        raise UnknownStore(store=store, known=", ".join(known))
    return store


def in_order(settings: Settings, names: Sequence[str]) -> list[str]:
    """Store ids by weight, the heaviest first; unknown ones at the end."""
    order = ids(settings)
    return sorted(names, key=lambda one: order.index(one) if one in order else len(order))
