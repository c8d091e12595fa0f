"""The records that whereshot passes around: frozen, validated, free of behaviour.

Angles are degrees WGS 84, distances km, times milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Literal, Protocol, runtime_checkable

from whereshot.errors import PhotoError

Photo = str | PathLike[str] | bytes
"""A photo: its path, or its encoded bytes."""
Verdict = Literal["landmark", "unknown"]
Region = tuple[tuple[float, float], ...]
"""The corners (x, y) of a convex polygon, in px from a photo's upper left corner."""
LocationSource = Literal["exif", "landmark"]


def _check_point(latitude: float, longitude: float, radius_km: float) -> None:
    if not -90 <= latitude <= 90:
        raise ValueError(f"latitude must be in [-90, 90] degrees, got {latitude}")
    if not -180 <= longitude <= 180:
        raise ValueError(f"longitude must be in [-180, 180] degrees, got {longitude}")
    if not (radius_km >= 0 and math.isfinite(radius_km)):
        raise ValueError(f"radius_km must be 0 or more and finite, got {radius_km}")


@dataclass(frozen=True, slots=True)
class Location:
    """A point on Earth with the radius in km inside which it is good, and where it comes from."""

    latitude: float
    longitude: float
    radius_km: float
    source: LocationSource

    def __post_init__(self) -> None:
        _check_point(self.latitude, self.longitude, self.radius_km)


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place with a name, coordinates and a radius that covers it; one row of the gazetteer."""

    id: str
    name: str
    latitude: float
    longitude: float
    radius_km: float
    country: str
    country_code: str
    city: str = ""
    region: str = ""
    wikidata: str = ""
    kind: Literal["natural", "built"] = "built"
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_point(self.latitude, self.longitude, self.radius_km)
        if not self.id or not self.name:
            raise ValueError(f"a landmark needs an id and a name, got {self.id!r}, {self.name!r}")

    @property
    def location(self) -> Location:
        """The landmark's own place."""
        return Location(self.latitude, self.longitude, self.radius_km, "landmark")


@dataclass(frozen=True, slots=True)
class Prediction:
    """One candidate: a landmark and its calibrated probability in [0, 1]."""

    landmark: Landmark
    probability: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recognizer says of one photo.

    `predictions` are ranked, best first, and are there under the verdict `unknown` too.
    `location` is the photo's own GPS position if it has one, else the landmark's place if the
    verdict is `landmark`, else None. `milliseconds` has the keys `decode` and `model`.

    `region` is where in the upright photo, at its full size, the landmark is seen. It is None where
    it was not asked for, where the verdict is `unknown`, and where no part of the photo speaks for
    the landmark more than others do.

    `certainty` in [0, 1] is what the verdict goes by: the chance that the best landmark is shown,
    where many photos show none (`predictions` suppose that one is). `plausible` are the landmarks
    of a set with a promised coverage, best first, None where it was not asked for.
    """

    verdict: Verdict
    predictions: tuple[Prediction, ...]
    location: Location | None
    bundle: str
    photo: str | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict[str, float])
    region: Region | None = None
    certainty: float | None = None
    plausible: tuple[Prediction, ...] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What a recognizer says of a photo that it could not read."""

    photo: str | None
    error: PhotoError


@runtime_checkable
class Recognizer(Protocol):
    """Whatever recognizes landmarks in photos: the shipped network, or a fake in a fast test."""

    @property
    def name(self) -> str:
        """The bundle's name and version, such as `world@1`."""
        ...

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """The landmark set, in the order of the network's outputs."""
        ...

    def recognize(self, photo: Photo, *, k: int = 5) -> Recognition:
        """Recognize one photo; raises `PhotoError` if it can't be read."""
        ...

    def recognize_many(
        self, photos: Iterable[Photo], *, k: int = 5
    ) -> Iterator[Recognition | Failure]:
        """Recognize photos in order, streaming; one that can't be read yields a `Failure`."""
        ...
