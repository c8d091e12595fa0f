"""The gazetteer: landmarks, found by id, by any spelling of their name, and by where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from whereshot.errors import GazetteerError, LandmarkNotFoundError
from whereshot.gazetteer.likeness import MATCHES, SUGGESTS, likeness
from whereshot.gazetteer.names import fold, key
from whereshot.gazetteer.table import read_table
from whereshot.geo import haversine_km
from whereshot.records import Landmark

SHIPPED = Path(__file__).with_name("landmarks.csv")

_KM_PER_DEGREE = 111.19  # of latitude; never more than there are
_IN_PLACE = 0.85  # of a landmark in the city or country that was typed: above any misspelled name


class Nearby(NamedTuple):
    """A landmark and its distance in km from the point that was asked for."""

    landmark: Landmark
    distance_km: float


class Gazetteer:
    """A table of landmarks, in a fixed order, where each spelling belongs to one of them.

    `origins` says where each landmark was read, for error messages.

    Raises `GazetteerError` when two landmarks share an id, or a spelling leads to both of them:
    a name that could mean either would put photos at a wrong place.
    """

    def __init__(
        self, landmarks: Iterable[Landmark], *, origins: Sequence[str] | None = None
    ) -> None:
        self._landmarks = tuple(landmarks)
        self._folded = {
            landmark.id: tuple(map(fold, _spellings(landmark))) for landmark in self._landmarks
        }
        self._bands = [_band(landmark) for landmark in self._landmarks]
        self._by_id: dict[str, Landmark] = {}
        self._by_key: dict[str, Landmark] = {}
        if origins is None:
            origins = [f"landmark {number}" for number, _ in enumerate(self._landmarks, start=1)]
        for landmark, origin in zip(self._landmarks, origins, strict=True):
            self._add(landmark, origin)

    @classmethod
    def from_csv(cls, path: str | PathLike[str]) -> Gazetteer:
        """The gazetteer in a CSV file, such as one of your own.

        The columns are those of the shipped landmarks.csv; aliases are separated by `|`.
        Raises `GazetteerError` that names file, row and column.
        """
        rows = read_table(path)
        return cls(
            (landmark for _, landmark in rows), origins=[f"{path}, row {row}" for row, _ in rows]
        )

    def __len__(self) -> int:
        return len(self._landmarks)

    def __iter__(self) -> Iterator[Landmark]:
        return iter(self._landmarks)

    def __contains__(self, landmark: object) -> bool:
        return isinstance(landmark, Landmark) and self._by_id.get(landmark.id) == landmark

    def by_id(self, id: str) -> Landmark:  # noqa: A002 - it is the record's field
        """The landmark with exactly this id; raises `LandmarkNotFoundError`."""
        found = self._by_id.get(id)
        if found is None:
            raise self.not_found(id, "with the id")
        return found

    def resolve(self, name: str) -> Landmark:
        """The landmark that an id, a name, an alias or a class folder's name stands for.

        Case, accents, spaces, punctuation and a leading class number do not count. Nothing is
        guessed: a near miss raises `LandmarkNotFoundError` with the closest names.

        >>> load_gazetteer().resolve("09.Golden_Gate_Bridge").name
        'Golden Gate Bridge'
        """
        found = self._by_key.get(key(name))
        if found is None:
            raise self.not_found(name, "named")
        return found

    def search(self, query: str, limit: int | None = 10) -> tuple[Landmark, ...]:
        """Landmarks whose name or place is like the query, best first; typos are forgiven.

        The same spelling comes first, then names that hold the query's words, then landmarks in a
        city, region or country of that name, then names of nearly the same letters.

        >>> [landmark.name for landmark in load_gazetteer().search("Eifel towr")]
        ['Eiffel Tower']
        """
        return self._ranked(query, MATCHES, limit)

    def closest(self, query: str, limit: int | None = 3) -> tuple[Landmark, ...]:
        """What may have been meant by a query that `search` does not answer, best first."""
        return self._ranked(query, SUGGESTS, limit)

    def nearest(
        self, latitude: float, longitude: float, limit: int | None = 1
    ) -> tuple[Nearby, ...]:
        """The landmarks nearest to a point in degrees, nearest first, with distances in km.

        Raises ValueError for a point that is not on Earth.

        >>> load_gazetteer().nearest(48.86, 2.29)[0].landmark.name
        'Eiffel Tower'
        """
        if not -90 <= latitude <= 90:
            raise ValueError(f"latitude must be in [-90, 90] degrees, got {latitude}")
        if not -180 <= longitude <= 180:
            raise ValueError(f"longitude must be in [-180, 180] degrees, got {longitude}")
        here = (latitude, longitude)
        nearby = (
            Nearby(landmark, haversine_km(here, (landmark.latitude, landmark.longitude)))
            for landmark in self._landmarks
        )
        return tuple(sorted(nearby, key=lambda one: one.distance_km)[:limit])

    def around(self, latitude: float, longitude: float) -> Landmark | None:
        """The smallest landmark whose circle a point in degrees is in, which says most.

        A temple, and not the park around it. None if it is in none.

        >>> load_gazetteer().around(48.8584, 2.2945).name
        'Eiffel Tower'
        """
        inside: list[tuple[float, float, Landmark]] = []
        for south, north, landmark in self._bands:
            if south <= latitude <= north:  # few are: the rest is quickly passed over
                there = (landmark.latitude, landmark.longitude)
                distance_km = haversine_km((latitude, longitude), there)
                if distance_km <= landmark.radius_km:
                    inside.append((landmark.radius_km, distance_km, landmark))
        return min(inside, key=lambda each: each[:2], default=(0.0, 0.0, None))[2]

    def not_found(self, given: str, how: str = "like") -> LandmarkNotFoundError:
        """The error for a name that leads nowhere, with the closest names in it."""
        close = [f"{landmark.name} ({landmark.id})" for landmark in self.closest(given)]
        hint = (
            f"Did you mean {' or '.join(close)}?"
            if close
            else "`whereshot landmarks` lists all of them"
        )
        return LandmarkNotFoundError(
            f"No landmark {how} {given!r} is among the {len(self)} known. {hint}"
        )

    def _add(self, landmark: Landmark, origin: str) -> None:
        taken = self._by_id.setdefault(landmark.id, landmark)
        if taken is not landmark:
            raise GazetteerError(
                f"{origin}: the id {landmark.id!r} belongs to {taken.name!r} already. "
                "Give each landmark an id of its own"
            )
        for spelling in _spellings(landmark):
            if not key(spelling):
                raise GazetteerError(
                    f"{origin}: the name {spelling!r} has no letter or digit. Remove it"
                )
            owner = self._by_key.setdefault(key(spelling), landmark)
            if owner is not landmark:
                raise GazetteerError(
                    f"{origin}: {spelling!r} stands for both {owner.id!r} and {landmark.id!r}. "
                    "Remove it from the names or aliases of one of them"
                )

    def _ranked(self, query: str, least: float, limit: int | None) -> tuple[Landmark, ...]:
        wanted = fold(query)
        scored = [(self._score(wanted, landmark), landmark) for landmark in self._landmarks]
        scored = [pair for pair in scored if pair[0] >= least]
        scored.sort(key=lambda pair: -pair[0])  # stable: equals keep the table's order
        return tuple(landmark for _, landmark in scored[:limit])

    def _score(self, wanted: str, landmark: Landmark) -> float:
        places = (landmark.city, landmark.region, landmark.country, landmark.country_code)
        in_place = wanted and wanted in map(fold, places)
        return max(likeness(wanted, self._folded[landmark.id]), _IN_PLACE if in_place else 0.0)


@cache
def load_gazetteer() -> Gazetteer:
    """The shipped gazetteer; read once a process."""
    return Gazetteer.from_csv(SHIPPED)


def _spellings(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.id, landmark.name, *landmark.aliases)


def _band(landmark: Landmark) -> tuple[float, float, Landmark]:
    """The latitudes between which a landmark's circle lies."""
    reach = landmark.radius_km / _KM_PER_DEGREE
    return landmark.latitude - reach, landmark.latitude + reach, landmark
