"""Locations of image data: files of the stores, and URLs on the web.

``Image.stores`` lists the stores that have the data. ``Image.locations`` contains, in order, the
web locations and all locations with metadata from users; files without metadata are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.image.exceptions import (
    InvalidLocation,
    LastLocation,
    LocationsHidden,
    LocationsKept,
)
from stratolith.image.managers import images
from stratolith.image.managers.digests import Digests
from stratolith.image.models import Image, image_target
from stratolith.image.settings import ImageSettings
from stratolith.image.store import catalogue, files, web
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import ApiError

Place = dict[str, Any]  # {"url": ..., "metadata": {...}}, as the API shows it


def of(ctx: Context, image: Any) -> list[Place]:
    """All locations of an image (or of an object with its columns)."""
    settings = ctx.env.settings
    kept = [place for place in image.locations or () if place["metadata"]["store"] in image.stores]
    noted = {place["url"] for place in kept}
    plain = [
        {"url": _file_url(ctx, image.id, store), "metadata": {"store": store}}
        for store in image.stores
        if store in files.names(settings)
    ]
    return [place for place in plain if place["url"] not in noted] + kept


def shown(ctx: Context, image: Any) -> dict[str, Any]:
    """The attributes of the API about locations, depending on settings and policy."""
    section = ctx.env.settings.of(ImageSettings)
    if not (section.show_multiple_locations or section.show_image_direct_url):
        return {}
    target = image_target(image)
    places = of(ctx, image) if ctx.can("get_image_location", target) else []
    attributes: dict[str, Any] = {}
    if section.show_multiple_locations:
        attributes["locations"] = places
    if section.show_image_direct_url and places:
        attributes["direct_url"] = places[0]["url"]
    return attributes


def on_web(image: Image) -> list[str]:
    """The URLs of the web locations, in order."""
    kept = [place for place in image.locations or () if place["metadata"]["store"] in image.stores]
    return [place["url"] for place in kept if web.is_web(place["url"])]


# -- changes -------------------------------------------------------------------------------------


class Editor:
    """Changes of the locations of one image, applied one after the other and then saved.

    ``measured``: new URL -> size in bytes, measured before the transaction began.
    """

    def __init__(self, ctx: Context, image: Image, measured: Mapping[str, int]) -> None:
        self._ctx = ctx
        self._image = image
        self._measured = measured
        self._digests = Digests(image)
        self.places = of(ctx, image)

    def add(self, position: str, place: Place) -> None:
        """Raises InvalidLocation, ImportNotPossible, DigestConflict."""
        images.require_status(self._image, "add locations", "active", "queued")
        self._digests.take([place])
        at = self._position(position, len(self.places))
        new = self._placed(place)
        if new in self.places:
            raise InvalidLocation(reason=f"{new['url']} is a location of the image already")
        self.places.insert(at, new)

    def replace(self, places: Sequence[Place]) -> None:
        """Replace all locations; for an image with data only their metadata may change."""
        images.require_status(self._image, "replace locations", "active", "queued")
        if not places:
            raise LocationsKept
        self._digests.take(places)
        urls = sorted(place["url"] for place in self.places)
        if urls and sorted(place["url"] for place in places) != urls:
            raise InvalidLocation(reason="the image has other locations already")
        stores = {place["url"]: place["metadata"]["store"] for place in self.places}
        self.places = [
            {"url": place["url"], "metadata": {**place["metadata"], "store": stores[place["url"]]}}
            if place["url"] in stores
            else self._placed(place)
            for place in places
        ]

    def remove(self, position: str) -> None:
        """Raises LastLocation, InvalidLocation."""
        images.require_status(self._image, "remove locations", "active")
        if len(self.places) == 1:
            raise LastLocation
        at = self._position(position, len(self.places) - 1)
        if at >= len(self.places):
            raise InvalidLocation(reason=f"{position} is no position of a location")
        store = self.places.pop(at)["metadata"]["store"]
        settings = self._ctx.env.settings
        if store in files.names(settings):
            path = files.path(settings, self._image.id, store)
            self._ctx.after_commit(lambda: files.remove(path))

    def save(self) -> None:
        """Write the locations to the row; a queued image with a location becomes active."""
        image, places = self._image, self.places
        stores = list(dict.fromkeys(place["metadata"]["store"] for place in places))
        image.stores = catalogue.in_order(self._ctx.env.settings, stores)
        image.locations = [
            place for place in places if web.is_web(place["url"]) or len(place["metadata"]) > 1
        ] or None
        if image.status != "queued" or not places:
            return
        images.require_formats(image)
        image.status = "active"
        image.size = next(iter(self._measured.values()), image.size)
        self._digests.save()

    def _placed(self, place: Place) -> Place:
        store = self._ctx.env.settings.of(ImageSettings).web_store
        return {"url": place["url"], "metadata": {**place["metadata"], "store": store}}

    @staticmethod
    def _position(text: str, end: int) -> int:
        if text == "-":
            return end
        if not text.isascii() or not text.isdigit() or len(text) > 6:
            raise InvalidLocation(reason=f"{text} is no position of a location")
        return int(text)


def require_shown(ctx: Context, image: Image, rule: str) -> None:
    """Raises LocationsHidden, or Forbidden by policy."""
    ctx.authorize(rule, image.policy_target())
    if not ctx.env.settings.of(ImageSettings).show_multiple_locations:
        raise LocationsHidden


def check(ctx: Context, url: str) -> None:
    """Raises InvalidLocation or UriRefused unless the URL may be a location."""
    if not web.is_web(url):
        raise InvalidLocation(reason="only http and https URLs can be added")
    section = ctx.env.settings.of(ImageSettings)
    if not section.web_store:
        raise InvalidLocation(reason="there is no store of the kind http")
    web.check(section, url)


def measure(ctx: Context, image: Image, urls: Sequence[str]) -> dict[str, int]:
    """URL -> size in bytes, for URLs new to the image. Raises InvalidLocation, UriRefused.

    Closes the transaction of the context before it asks the web, so that other writers do not
    wait for a slow server. Objects loaded before must be loaded again.
    """
    known = {place["url"] for place in of(ctx, image)}
    new = [url for url in urls if url not in known]
    for url in new:
        check(ctx, url)
    if not new:
        return {}
    ctx.close()
    section = ctx.env.settings.of(ImageSettings)
    try:
        sizes = {url: web.measure(section, url) for url in new}
    except ApiError as error:
        raise InvalidLocation(reason=str(error)) from None
    if not all(sizes.values()):
        raise InvalidLocation(reason="there is no data")
    return sizes


def _file_url(ctx: Context, image_id: str, store: str) -> str:
    return files.path(ctx.env.settings, image_id, store).absolute().as_uri()
