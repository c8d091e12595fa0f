"""The photos of an overview in groups, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args

from whereshot.library.overview import PASSES, Filter, Item, Overview
from whereshot.library.trips import days

Arrangement = Literal["place", "trip", "landmark", "day"]
ARRANGEMENTS: tuple[Arrangement, ...] = get_args(Arrangement)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which photos are shown: those that pass a filter, of one landmark, and of some days.

    An empty `landmark` stands for all; `since` and `until` are included.
    """

    filter: Filter = "all"
    landmark: str = ""
    since: date | None = None
    until: date | None = None

    def takes(self, item: Item) -> bool:
        """Whether a photo is shown."""
        if not PASSES[self.filter](item):
            return False
        if self.landmark and (item.landmark is None or item.landmark.id != self.landmark):
            return False
        if self.since is None and self.until is None:
            return True
        if item.taken_at is None:
            return False
        day = item.taken_at.date()
        return (self.since or date.min) <= day <= (self.until or date.max)


@dataclass(frozen=True, slots=True)
class Group:
    """Photos that are shown together: `count` of them, from position `offset` in the whole order.

    The last group may have an empty `key`: photos that are in none.
    """

    key: str
    title: str
    subtitle: str
    offset: int
    count: int
    cover: Item
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Arranged:
    """Photos in the order in which they are shown, and the groups that this order goes through."""

    items: tuple[Item, ...]
    groups: tuple[Group, ...]


class _Heading(NamedTuple):
    order: tuple[object, ...]  # headings are sorted by it; those of one arrangement compare
    key: str
    title: str
    subtitle: str = ""


def arrange(overview: Overview, by: Arrangement, choice: Choice) -> Arranged:
    """The photos that are chosen, in groups: places by country and city, landmarks by name.

    Trips and days come with the latest first. Within a group photos are in the order in which they
    were taken, those without a time last.
    """
    heading = _HEADINGS[by](overview)
    filed: dict[_Heading, list[Item]] = {}
    for item in overview.items:
        if choice.takes(item):
            filed.setdefault(heading(item), []).append(item)
    ordered: list[Item] = []
    groups: list[Group] = []
    for head in sorted(filed, key=lambda head: (not head.key, head.order)):
        items = sorted(filed[head], key=_capture_order)
        groups.append(_group(head, items, len(ordered)))
        ordered += items
    return Arranged(tuple(ordered), tuple(groups))


def _group(head: _Heading, items: Sequence[Item], offset: int) -> Group:
    times = [_wall(item.taken_at) for item in items if item.taken_at is not None]
    cover = max(items, key=lambda item: (item.state == "certain", item.certainty or 0.0))
    return Group(
        head.key,
        head.title,
        head.subtitle,
        offset,
        len(items),
        cover,
        times[0] if times else None,
        times[-1] if times else None,
    )


def _by_place(_: Overview) -> Callable[[Item], _Heading]:
    nowhere = _Heading((), "", "No place known")

    def heading(item: Item) -> _Heading:
        place = item.place
        if place is None:
            return nowhere
        if not place.country and not place.city:
            return _Heading(("\uffff",), "sea", "Outside of all countries")
        title, subtitle = (place.city, place.country) if place.city else (place.country, "")
        # What is out in the country comes behind its cities.
        order = (place.country.casefold(), not place.city, place.city.casefold(), title)
        return _Heading(order, f"{place.city}|{place.country}", title, subtitle)

    return _remembered(heading, lambda item: item.place and (item.place.city, item.place.country))


def _by_landmark(_: Overview) -> Callable[[Item], _Heading]:
    nowhere = _Heading((), "", "No landmark")

    def heading(item: Item) -> _Heading:
        if item.state == "certain" and item.landmark is not None:
            key, name, country = item.landmark.id, item.landmark.name, item.landmark.country
        elif item.place is not None and item.place.landmark:
            key, name, country = item.place.landmark_id, item.place.landmark, item.place.country
        else:
            return nowhere
        return _Heading((name.casefold(), key), key, name, country)

    return heading


def _by_trip(overview: Overview) -> Callable[[Item], _Heading]:
    at_home = _Heading((), "", "On no trip")
    headings = {
        path: heading
        for number, trip in enumerate(overview.trips)
        for heading in [
            _Heading((-number,), f"trip-{number}", trip.name, days(trip.start, trip.end))
        ]
        for path in trip.photos
    }
    return lambda item: headings.get(item.path, at_home)


def _by_day(_: Overview) -> Callable[[Item], _Heading]:
    undated = _Heading((), "", "No date")

    def heading(item: Item) -> _Heading:
        if item.taken_at is None:
            return undated
        day = item.taken_at.date()
        at = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day by the clock on the wall
        return _Heading((-day.toordinal(),), day.isoformat(), days(at, at))

    return _remembered(heading, lambda item: item.taken_at and item.taken_at.date())


def _remembered(
    heading: Callable[[Item], _Heading], key: Callable[[Item], object]
) -> Callable[[Item], _Heading]:
    """The same headings, made once for all photos with the same key."""
    made: dict[object, _Heading] = {}

    def look_up(item: Item) -> _Heading:
        at = key(item)
        found = made.get(at)
        if found is None:
            found = made[at] = heading(item)
        return found

    return look_up


_HEADINGS: dict[Arrangement, Callable[[Overview], Callable[[Item], _Heading]]] = {
    "place": _by_place,
    "trip": _by_trip,
    "landmark": _by_landmark,
    "day": _by_day,
}


def alike(items: Iterable[Item]) -> list[Item]:
    """Photos so that those of one landmark, and of one time, are beside each other."""
    return sorted(
        items, key=lambda item: (item.landmark.name if item.landmark else "", _capture_order(item))
    )


def _capture_order(item: Item) -> tuple[bool, datetime, str]:
    wall = _wall(item.taken_at) if item.taken_at is not None else datetime.min  # noqa: DTZ901
    return item.taken_at is None, wall, str(item.path)


def _wall(moment: datetime) -> datetime:
    """A time by the clock on the wall: times with an offset and without don't compare."""
    return moment.replace(tzinfo=None)
