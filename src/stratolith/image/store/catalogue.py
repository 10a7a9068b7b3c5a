"""The list of stores: several of kind "file", and one read-only of kind "http"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stratolith.image.exceptions import UnknownStore
from stratolith.image.settings import ImageSettings
from stratolith.image.store import files
from stratolith.kernel.config import Settings


@dataclass(frozen=True)
class Store:
    """One store; if several have an image, it is read from the one with the most weight."""

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
    file_stores = [Store(name, "file", len(names) - at) for at, name in enumerate(names)]
    web = settings.of(ImageSettings).web_store
    return [*file_stores, Store(web, "http", 0)] if web and web not in names else file_stores


def ids(settings: Settings) -> list[str]:
    return [store.id for store in stores(settings)]


def writable(settings: Settings, store: str) -> str:
    """The given id; raises UnknownStore unless the store is writable."""
    known = files.names(settings)
    if store not in known:
        raise UnknownStore(store=store, known=", ".join(known))
    return store


def in_order(settings: Settings, names: Sequence[str]) -> list[str]:
    """Store ids by weight, the highest first; unknown ones last."""
    order = ids(settings)
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))
