"""Trips: photos that are close in place and in time, found by density, with a name to read.

References: M. Ester et al., "A Density-Based Algorithm for Discovering Clusters in Large Spatial
Databases with Noise", KDD 1996 (DBSCAN); D. Birant and A. Kut, "ST-DBSCAN", Data & Knowledge
Engineering 60 (2007), which has one radius in space and one in time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from whereshot.geo import EARTH_RADIUS_KM
from whereshot.library.places import PhotoPlace

RADIUS_KM = 60.0
"""Photos further apart are neighbours only by way of photos between them: a day's drive."""
RADIUS_HOURS = 36.0
"""A day without a photo does not end a trip; two do."""
FEWEST = 4
"""Photos within both radii, itself included, that make a photo the core of a trip."""

NOISE = -1

_MOST_CITIES = 2  # that a name names
_MOST_SHARE = 0.8  # of a trip's photos in one city: that is where it went


@dataclass(frozen=True, slots=True)
class Trip:
    """Photos of one trip, in the order in which they were taken, and what to call it."""

    name: str
    photos: tuple[Path, ...]
    start: datetime
    end: datetime


class Shot(Protocol):
    """What a trip is made of: a photo with a time."""

    @property
    def path(self) -> Path:
        """Which photo."""
        ...

    @property
    def taken_at(self) -> datetime | None:
        """When it was taken."""
        ...


def find_trips(photos: Sequence[Shot], places: Mapping[Path, PhotoPlace]) -> tuple[Trip, ...]:
    """The trips among photos that have a place and a time, the first one first.

    Times are taken as the clock on the wall says them, for a person counts days so.
    """
    shots = [
        (photo.taken_at.replace(tzinfo=None), photo.path, places[photo.path])
        for photo in photos
        if photo.taken_at is not None and photo.path in places
    ]
    shots.sort(key=lambda shot: shot[:2])
    if not shots:
        return ()
    hours = np.array([shot[0].replace(tzinfo=UTC).timestamp() / 3600 for shot in shots])
    labels = cluster(np.array([shot[2].point for shot in shots]), hours)
    by_label: dict[int, list[tuple[datetime, Path, PhotoPlace]]] = {}
    for shot, label in zip(shots, labels.tolist(), strict=True):
        if label != NOISE:
            by_label.setdefault(label, []).append(shot)
    trips = list(by_label.values())
    trips.sort(key=lambda trip: trip[0][:2])
    names = _distinct([_name([shot[2] for shot in trip]) for trip in trips], trips)
    return tuple(
        Trip(name, tuple(shot[1] for shot in trip), trip[0][0], trip[-1][0])
        for name, trip in zip(names, trips, strict=True)
    )


def cluster(
    points: NDArray[np.float64],
    hours: NDArray[np.float64],
    *,
    radius_km: float = RADIUS_KM,
    radius_hours: float = RADIUS_HOURS,
    fewest: int = FEWEST,
) -> NDArray[np.int64]:
    """Cluster points (N, 2) in degrees at ascending hours (N,); -1 is noise.

    DBSCAN, where neighbours are within `radius_km` and `radius_hours` of each other. Only a window
    of time is looked at for each point, so a library of many years costs no more a photo than one
    of a month.
    """
    directions = _directions(points)
    chord = 2 * np.sin(min(np.pi / 2, radius_km / EARTH_RADIUS_KM / 2))
    starts = np.searchsorted(hours, hours - radius_hours, "left")
    ends = np.searchsorted(hours, hours + radius_hours, "right")

    def neighbors(index: int) -> NDArray[np.intp]:
        window = directions[starts[index] : ends[index]]
        apart = np.linalg.norm(window - directions[index], axis=1)
        return np.flatnonzero(apart <= chord) + starts[index]

    labels = np.full(len(points), NOISE)
    seen = np.zeros(len(points), dtype=bool)
    label = 0
    for index in range(len(points)):
        if seen[index] or len(near := neighbors(index)) < fewest:
            continue
        seen[index] = True
        labels[index] = label
        waiting = [near]
        while waiting:
            around = waiting.pop()
            around = around[labels[around] == NOISE]
            labels[around] = label
            for other in around[~seen[around]]:
                seen[other] = True
                if len(near := neighbors(int(other))) >= fewest:
                    waiting.append(near)
        label += 1
    return labels


def _directions(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (N, 3): the chord between two grows with the distance on the sphere."""
    phi, theta = np.radians(points).T
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)


def _name(places: Sequence[PhotoPlace]) -> str:
    """Where a trip went, without saying when.

    One city, or two, if they have most of the photos; else the country, or countries.
    """
    cities = Counter(place.city for place in places if place.city)
    for count in range(1, _MOST_CITIES + 1):
        most = cities.most_common(count)
        if len(most) == count and sum(n for _, n in most) >= _MOST_SHARE * len(places):
            return _listed([city for city, _ in most])
    for field in ("landmark", "region", "country"):
        names = Counter(getattr(place, field) for place in places)
        names.pop("", None)
        most = names.most_common(_MOST_CITIES)
        if most and sum(n for _, n in most) >= _MOST_SHARE * len(places):
            return _listed([name for name, n in most if n > (1 - _MOST_SHARE) / 2 * len(places)])
    countries = [name for name, _ in Counter(place.country for place in places).most_common()]
    known = [name for name in countries if name]
    if known:
        return f"{_listed(known[:2])} and elsewhere" if len(countries) > 2 else _listed(known)
    latitude, longitude = places[0].point
    return (
        f"{abs(latitude):.1f}° {'N' if latitude >= 0 else 'S'}, "
        f"{abs(longitude):.1f}° {'E' if longitude >= 0 else 'W'}"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)


def _distinct(
    places: Sequence[str], trips: Sequence[Sequence[tuple[datetime, Path, PhotoPlace]]]
) -> list[str]:
    """Names with months; with days where two trips went to one place in one month."""
    spans = [(trip[0][0], trip[-1][0]) for trip in trips]
    names = [f"{place}, {months(*span)}" for place, span in zip(places, spans, strict=True)]
    for spelled in (days, None):
        counts = Counter(names)
        numbers = Counter[str]()
        for index, name in enumerate(names):
            if counts[name] == 1:
                continue
            numbers[name] += 1
            if spelled is not None:
                names[index] = f"{places[index]}, {spelled(*spans[index])}"
            elif numbers[name] > 1:
                names[index] = f"{name} ({numbers[name]})"
    return names


def months(start: datetime, end: datetime) -> str:
    """The months from one time to another.

    >>> months(datetime(2024, 3, 3), datetime(2024, 3, 5))
    'March 2024'
    >>> months(datetime(2023, 12, 30), datetime(2024, 1, 2))
    'December 2023 - January 2024'
    """
    if (start.year, start.month) == (end.year, end.month):
        return f"{_MONTHS[start.month]} {start.year}"
    year = f" {start.year}" if start.year != end.year else ""
    return f"{_MONTHS[start.month]}{year} - {_MONTHS[end.month]} {end.year}"


def days(start: datetime, end: datetime) -> str:
    """The days from one time to another.

    >>> days(datetime(2024, 3, 3), datetime(2024, 3, 5))
    '3-5 March 2024'
    >>> days(datetime(2024, 3, 31), datetime(2024, 4, 2))
    '31 March - 2 April 2024'
    """
    if start.date() == end.date():
        return f"{end.day} {months(end, end)}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}-{end.day} {months(end, end)}"
    year = f" {start.year}" if start.year != end.year else ""
    return f"{start.day} {_MONTHS[start.month]}{year} - {end.day} {months(end, end)}"


# The names of months in the language of the rest, whatever the machine's locale.
_MONTHS = (
    "",
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
