"""A library at a glance: what pages that list its photos want to know of each, kept in memory.

The catalog has the facts; places, states and trips follow from them and take longer. So a photo
is worked out anew only when its row is another than before.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from whereshot.geo import haversine_km
from whereshot.library.bounds import Bounds
from whereshot.library.catalog import READ, Catalog, CatalogPhoto
from whereshot.library.paths import distinct_roots
from whereshot.library.places import PhotoPlace, PlaceFinder
from whereshot.library.tagging import contradiction
from whereshot.library.trips import Trip, find_trips
from whereshot.records import Landmark

State = Literal["certain", "unsure", "unknown", "failed", "waiting"]
"""It shows a landmark; it may show one; it shows none; it can't be read; it was not read yet."""

Filter = Literal[
    "all", "certain", "unsure", "unknown", "failed", "waiting", "no_gps", "contradiction",
    "suggested", "accepted", "rejected", "written", "to_write",
]  # fmt: skip
FILTERS: tuple[Filter, ...] = get_args(Filter)

_VERSION_LENGTH = 12
UNSURE_CERTAINTY = 0.25
"""From here on a person may want to say whether it is that landmark."""


@dataclass(frozen=True, slots=True)
class Item:
    """One photo as lists show it.

    `landmark` is the one that it shows, or looks most like, with the `certainty` of that.
    `distance_km` is how far its own position is from there, where it has one. `content` is the hash
    of its content, empty where it was not read yet.
    """

    id: int
    path: Path
    size: int
    mtime_ns: int
    content: str
    taken_at: datetime | None
    state: State
    landmark: Landmark | None
    certainty: float | None
    place: PhotoPlace | None
    decision: Literal["accepted", "rejected"] | None
    has_gps: bool
    distance_km: float | None
    is_contradicted: bool
    is_written: bool
    is_to_be_written: bool

    @property
    def name(self) -> str:
        """The file's name to be read: bytes that are no text become question marks."""
        return self.path.name.encode("utf-8", "replace").decode("utf-8")

    @property
    def version(self) -> str:
        """Another one for other content."""
        return version_of(self.content, self.size, self.mtime_ns)

    @property
    def is_suggested(self) -> bool:
        """Whether `whereshot tag` would write it, as far as the catalog knows."""
        return (
            self.state == "certain"
            and self.decision is None
            and not self.is_contradicted
            and not self.is_written
        )


def version_of(content: str, size: int, mtime_ns: int) -> str:
    """A short text that is another one for other content; by its hash, if that is known."""
    return (content or f"{size:x}-{mtime_ns:x}")[-_VERSION_LENGTH:]


PASSES: dict[Filter, Callable[[Item], bool]] = {
    "all": lambda _: True,
    "certain": lambda item: item.state == "certain",
    "unsure": lambda item: item.state == "unsure",
    "unknown": lambda item: item.state == "unknown",
    "failed": lambda item: item.state == "failed",
    "waiting": lambda item: item.state == "waiting",
    "no_gps": lambda item: not item.has_gps,
    "contradiction": lambda item: item.is_contradicted,
    "suggested": lambda item: item.is_suggested,
    "accepted": lambda item: item.decision == "accepted",
    "rejected": lambda item: item.decision == "rejected",
    "written": lambda item: item.is_written,
    "to_write": lambda item: item.is_to_be_written,
}


class Overview:
    """The photos of a catalog inside of some bounds, as they were at one time; it never changes."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        """In the order of their paths."""

    @cached_property
    def by_id(self) -> dict[int, Item]:
        """The photos by their numbers."""
        return {item.id: item for item in self.items}

    @cached_property
    def counts(self) -> dict[Filter, int]:
        """How many photos pass each filter."""
        return {name: sum(map(passes, self.items)) for name, passes in PASSES.items()}

    def with_changed(self, changed: Mapping[int, Item]) -> Overview:
        """The same photos, but for some, by their numbers; most of what is known is kept."""
        overview = Overview([changed.get(item.id, item) for item in self.items])
        overview.by_id = {**self.by_id, **changed}
        overview.counts = dict(self.counts)
        for number, item in changed.items():
            for name, passes in PASSES.items():
                overview.counts[name] += passes(item) - passes(self.by_id[number])
        return overview

    @cached_property
    def trips(self) -> tuple[Trip, ...]:
        """The trips among the photos, the first one first."""
        return find_trips(
            self.items, {item.path: item.place for item in self.items if item.place is not None}
        )

    @cached_property
    def folders(self) -> Counter[Path]:
        """How many photos lie in each folder."""
        return Counter(item.path.parent for item in self.items)


class Lookout:
    """Makes overviews, each from the one before and what has changed since; for one thread."""

    def __init__(self, bounds: Bounds, places: PlaceFinder | None = None) -> None:
        self._bounds = bounds
        self._places = places or PlaceFinder()
        self._known: dict[bytes, tuple[int, Item]] = {}

    def look(self, catalog: Catalog) -> Overview:
        """The photos of a catalog as they are now."""
        known: dict[bytes, tuple[int, Item]] = {}
        for row in self._rows(catalog):
            key, mark = row[0], hash(row)
            before = self._known.get(key)
            known[key] = (
                before
                if before is not None and before[0] == mark
                else (mark, item_of(catalog.photo(row), self._places))
            )
        self._known = known
        return Overview([item for _, item in known.values()])

    def look_again(self, catalog: Catalog, before: Overview, numbers: Iterable[int]) -> Overview:
        """The photos as they were before, but for these: they are looked at anew."""
        query = f"SELECT {READ} FROM photos WHERE id = ?"  # noqa: S608 - it is ours
        changed: dict[int, Item] = {}
        for number in numbers:
            for row in catalog.read(query, (number,)):
                item = changed[number] = item_of(catalog.photo(row), self._places)
                self._known[row[0]] = hash(row), item
        return before.with_changed(changed)

    def _rows(self, catalog: Catalog) -> Iterator[tuple[bytes, ...]]:
        folder, inside = b"", False
        for root in distinct_roots(self._bounds.folders):
            for row in catalog.rows(READ, root, "NOT missing"):
                # A link may lead out: that is asked once a folder here, and of a photo when it is
                # opened.
                if (parent := os.path.dirname(row[0])) != folder:  # noqa: PTH120 - keys are bytes
                    folder, inside = parent, self._bounds.holds(parent)
                if inside:
                    yield row


def item_of(photo: CatalogPhoto, places: PlaceFinder) -> Item:
    """What lists show of a photo."""
    assert photo.id is not None
    best, shown, own = photo.best, photo.shown, photo.own_location
    landmark = shown or (best.landmark if best is not None else None)
    distance_km = None
    if own is not None and landmark is not None:
        here, there = (own.latitude, own.longitude), (landmark.latitude, landmark.longitude)
        distance_km = haversine_km(here, there)
    return Item(
        id=photo.id,
        path=photo.path,
        size=photo.size,
        mtime_ns=photo.mtime_ns,
        content=photo.content_hash,
        taken_at=photo.taken_at,
        state=_state(photo),
        landmark=landmark,
        certainty=photo.certainty,
        place=places.place(photo),
        decision=photo.decision.verdict if photo.decision is not None else None,
        has_gps=own is not None,
        distance_km=distance_km,
        is_contradicted=shown is not None and bool(contradiction(own, shown)),
        is_written=photo.written_at is not None,
        is_to_be_written=photo.is_to_be_written,
    )


def _state(photo: CatalogPhoto) -> State:
    if photo.error is not None:
        return "failed"
    if photo.shown is not None:
        return "certain"
    if photo.recognition is None:
        return "waiting"
    if photo.decision is None and (photo.certainty or 0.0) >= UNSURE_CERTAINTY:
        return "unsure"
    return "unknown"
