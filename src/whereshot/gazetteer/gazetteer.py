"""The gazetteer: landmarks, found by id, by any spelling of their name, and by where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from whereshot.errors import GazetteerError, LandmarkNotFoundError
from whereshot.gazetteer.names import fold, key
from whereshot.gazetteer.table import read_landmarks
from whereshot.geo import haversine_km
from whereshot.records import Landmark

SHIPPED = Path(__file__).with_name("landmarks.csv")

_ALIKE = 0.72  # of two spellings; "eifel towr" has 0.83 with "eiffel tower", unrelated names < 0.6
_SUGGESTIONS = 3


class Nearby(NamedTuple):
    """A landmark and its distance in km from the point that was asked for."""

    landmark: Landmark
    distance_km: float


class Gazetteer:
    """A table of landmarks, in a fixed order, with one owner for every spelling.

    Raises `GazetteerError` when two landmarks share an id, or a spelling leads to both of them:
    a name that could mean either would put photos at a wrong place.
    """

    def __init__(self, landmarks: Iterable[Landmark]) -> None:
        self._landmarks = tuple(landmarks)
        self._by_id: dict[str, Landmark] = {}
        self._by_key: dict[str, Landmark] = {}
        for landmark in self._landmarks:
            if landmark.id in self._by_id:
                raise GazetteerError(
                    f"Two landmarks have the id {landmark.id!r}: {self._by_id[landmark.id].name!r} "
                    f"and {landmark.name!r}. Give each its own id"
                )
            self._by_id[landmark.id] = landmark
        for landmark in self._landmarks:
            for spelling in _spellings(landmark):
                self._claim(spelling, landmark)

    @classmethod
    def from_csv(cls, path: str | PathLike[str]) -> Gazetteer:
        """The gazetteer in a CSV file, such as one of your own.

        The columns are those of the shipped landmarks.csv; aliases are separated by `|`.
        Raises `GazetteerError` that names the row.
        """
        return cls(read_landmarks(path))

    def __len__(self) -> int:
        return len(self._landmarks)

    def __iter__(self) -> Iterator[Landmark]:
        return iter(self._landmarks)

    def __contains__(self, landmark: object) -> bool:
        return isinstance(landmark, Landmark) and self._by_id.get(landmark.id) == landmark

    def by_id(self, id: str) -> Landmark:  # noqa: A002 - it is the record's field
        """The landmark with exactly this id; raises `LandmarkNotFoundError`."""
        try:
            return self._by_id[id]
        except KeyError:
            raise self._not_found(id, "id") from None

    def resolve(self, name: str) -> Landmark:
        """The landmark that an id, a name, an alias or a class folder's name stands for.

        Case, accents, spaces, punctuation and a leading class number do not count. There is no
        guessing here: a near miss raises `LandmarkNotFoundError` with the closest names.
        """
        found = self._by_key.get(key(name))
        if found is None:
            raise self._not_found(name, "name")
        return found

    def search(self, query: str, limit: int | None = 10) -> tuple[Landmark, ...]:
        """Landmarks whose name or place is like the query, best first; typos are forgiven.

        Exact spellings come first, then names that contain the query's words, then names of
        nearly the same letters, then landmarks in a city, region or country of that name.
        """
        wanted = fold(query)
        if not wanted:
            return ()
        scored = ((_score(wanted, landmark), landmark) for landmark in self._landmarks)
        ranked = sorted(
            ((score, landmark) for score, landmark in scored if score >= _ALIKE),
            key=lambda pair: -pair[0],
        )
        return tuple(landmark for _, landmark in ranked[:limit])

    def nearest(
        self, latitude: float, longitude: float, limit: int | None = 1
    ) -> tuple[Nearby, ...]:
        """The landmarks nearest to a point in degrees, nearest first, with distances in km.

        Raises ValueError for a point that is not on Earth.
        """
        if not -90 <= latitude <= 90:
            raise ValueError(f"latitude must be in [-90, 90] degrees, got {latitude}")
        if not -180 <= longitude <= 180:
            raise ValueError(f"longitude must be in [-180, 180] degrees, got {longitude}")
        found = [
            Nearby(
                landmark,
                haversine_km((latitude, longitude), (landmark.latitude, landmark.longitude)),
            )
            for landmark in self._landmarks
        ]
        return tuple(sorted(found, key=lambda nearby: nearby.distance_km)[:limit])

    def _claim(self, spelling: str, landmark: Landmark) -> None:
        owner = self._by_key.setdefault(key(spelling), landmark)
        if owner is not landmark:
            raise GazetteerError(
                f"{spelling!r} stands for two landmarks: {owner.id!r} and {landmark.id!r}. "
                "Remove it from the aliases of one of them"
            )

    def _not_found(self, given: str, what: str) -> LandmarkNotFoundError:
        close = self.closest(given, _SUGGESTIONS)
        hint = (
            "Did you mean " + " or ".join(f"{landmark.name} ({landmark.id})" for landmark in close)
            if close
            else "whereshot landmarks lists all of them"
        )
        return LandmarkNotFoundError(
            f"No landmark with the {what} {given!r} among {len(self)} landmarks. {hint}"
        )

    def closest(self, query: str, limit: int = _SUGGESTIONS) -> tuple[Landmark, ...]:
        """The landmarks whose spelling is closest to the query, however far; for suggestions."""
        wanted = fold(query)
        ranked = sorted(self._landmarks, key=lambda landmark: -_likeness(wanted, landmark))
        return tuple(ranked[:limit]) if wanted else ()


@cache
def load_gazetteer() -> Gazetteer:
    """The shipped gazetteer; read once a process."""
    return Gazetteer.from_csv(SHIPPED)


def _spellings(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.id, landmark.name, *landmark.aliases)


def _score(wanted: str, landmark: Landmark) -> float:
    likeness = _likeness(wanted, landmark)
    places = (landmark.city, landmark.region, landmark.country)
    in_place = any(wanted == fold(place) for place in places) or (
        wanted == landmark.country_code.casefold()
    )
    return max(likeness, _ALIKE if in_place else 0.0)


def _likeness(wanted: str, landmark: Landmark) -> float:
    from rapidfuzz import fuzz

    best = 0.0
    for spelling in _spellings(landmark):
        folded = fold(spelling)
        if f" {wanted} " in f" {folded} ":
            # A whole name beats a part of one, and a long part beats a short one.
            best = max(best, 0.9 + 0.1 * len(wanted) / len(folded))
        best = max(best, 0.9 * fuzz.ratio(wanted, folded) / 100)
    return best
