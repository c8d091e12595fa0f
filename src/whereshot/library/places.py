"""Where each photo was taken, as well as it is known, and how it is known.

A photo's own GPS position says where the camera stood; a recognized landmark says what is in the
picture. Where both agree, the landmark gives the names; where they don't, the position wins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.gazetteer.cities import Cities, load_cities
from whereshot.gazetteer.countries import Countries, load_countries
from whereshot.geo import haversine_km
from whereshot.library.catalog import CatalogPhoto
from whereshot.records import Landmark, Location

PlaceSource = Literal["gps", "landmark", "neighbors"]
"""The photo's own position; a landmark that it shows; photos taken shortly before or after."""

SIGHT_KM = 50.0
"""A landmark is in a photo taken no further than this from its circle; a peak shows from afar."""

NEIGHBOR_TIME = timedelta(minutes=30)
NEIGHBOR_KM = 25.0
"""Neighbours on both sides that are further apart than this say nothing about what is between."""


@dataclass(frozen=True, slots=True)
class PhotoPlace:
    """Where a photo was taken: a point in degrees, how good it is, its names, and who says so.

    Names that nobody knows are empty. `certainty` is the recognition's, in [0, 1], where the name
    of the landmark comes from one.
    """

    latitude: float
    longitude: float
    radius_km: float
    source: PlaceSource
    country: str = ""
    country_code: str = ""
    region: str = ""
    city: str = ""
    landmark: str = ""
    landmark_id: str = ""
    certainty: float | None = None

    @property
    def point(self) -> tuple[float, float]:
        """Latitude and longitude."""
        return self.latitude, self.longitude


class PlaceFinder:
    """Finds the places of photos; the tables that it looks into are the shipped ones."""

    def __init__(
        self,
        gazetteer: Gazetteer | None = None,
        countries: Countries | None = None,
        cities: Cities | None = None,
    ) -> None:
        self._gazetteer = gazetteer
        self._countries = countries
        self._cities = cities

    def place(self, photo: CatalogPhoto) -> PhotoPlace | None:
        """The place of one photo by what is in it; None if nothing in it tells."""
        seen = _seen_landmark(photo)
        own = photo.own_location
        if own is None:
            return None if seen is None else _at_landmark(*seen)
        place = PhotoPlace(own.latitude, own.longitude, own.radius_km, "gps")
        if seen is not None and _agrees(own, seen[0]):
            landmark: Landmark | None = seen[0]
            place = replace(place, certainty=seen[1])
        else:
            self._gazetteer = self._gazetteer or load_gazetteer()
            landmark = self._gazetteer.around(*place.point)
        self._countries = self._countries or load_countries()
        country = self._countries.at(*place.point)
        if landmark is not None:
            place = _named_after(place, landmark)
        if country is None or country.code == place.country_code:
            return place
        # No landmark, or Niagara Falls from the other bank: the camera stood in another country.
        self._cities = self._cities or load_cities()
        city = self._cities.at(*place.point, country.code)
        return replace(
            place,
            country=country.name,
            country_code=country.code,
            region="",
            city=city.name if city is not None else "",
        )

    def places(
        self, photos: Sequence[CatalogPhoto], *, neighbors: bool = False
    ) -> dict[Path, PhotoPlace]:
        """The places of the photos that have one; with `neighbors` of those between too."""
        found = {photo.path: place for photo in photos if (place := self.place(photo)) is not None}
        return {**found, **neighbor_places(photos, found)} if neighbors else found


def neighbor_places(
    photos: Iterable[CatalogPhoto], places: Mapping[Path, PhotoPlace]
) -> dict[Path, PhotoPlace]:
    """Places for photos without one, from photos that the same camera took shortly before or after.

    A photo between two places that are far apart gets none. Only the surroundings are taken over,
    and not the landmark: that it is in the picture is not known.
    """
    # A camera's clock runs with an offset to UTC or without: the two don't compare.
    placed: dict[tuple[str, bool], list[tuple[datetime, PhotoPlace]]] = {}
    open_photos: list[tuple[tuple[str, bool], datetime, Path]] = []
    for photo in photos:
        if not photo.camera or photo.taken_at is None:
            continue
        camera = photo.camera, photo.taken_at.tzinfo is None
        place = places.get(photo.path)
        if place is None:
            open_photos.append((camera, photo.taken_at, photo.path))
        else:
            placed.setdefault(camera, []).append((photo.taken_at, place))
    for shots in placed.values():
        shots.sort(key=lambda shot: shot[0])
    return {
        path: place
        for camera, taken_at, path in open_photos
        if (place := _between(placed.get(camera, []), taken_at)) is not None
    }


def _between(shots: Sequence[tuple[datetime, PhotoPlace]], at: datetime) -> PhotoPlace | None:
    index = bisect_left(shots, at, key=lambda shot: shot[0])
    near = [
        (abs(taken_at - at), place)
        for taken_at, place in shots[max(0, index - 1) : index + 1]
        if abs(taken_at - at) <= NEIGHBOR_TIME
    ]
    if not near:
        return None
    (_, nearest), (_, other) = min(near, key=lambda shot: shot[0]), near[-1]
    _, first = near[0]
    apart_km = haversine_km(first.point, other.point)
    if apart_km > NEIGHBOR_KM:
        return None
    return replace(
        nearest,
        radius_km=max(nearest.radius_km, apart_km),
        source="neighbors",
        landmark="",
        landmark_id="",
        certainty=None,
    )


def _seen_landmark(photo: CatalogPhoto) -> tuple[Landmark, float] | None:
    landmark, certainty = photo.shown, photo.certainty
    return None if landmark is None or certainty is None else (landmark, certainty)


def _agrees(own: Location, landmark: Landmark) -> bool:
    apart_km = haversine_km((own.latitude, own.longitude), (landmark.latitude, landmark.longitude))
    return apart_km <= landmark.radius_km + SIGHT_KM


def _at_landmark(landmark: Landmark, certainty: float) -> PhotoPlace:
    place = PhotoPlace(landmark.latitude, landmark.longitude, landmark.radius_km, "landmark")
    return replace(_named_after(place, landmark), certainty=certainty)


def _named_after(place: PhotoPlace, landmark: Landmark) -> PhotoPlace:
    return replace(
        place,
        country=landmark.country,
        country_code=landmark.country_code,
        region=landmark.region,
        city=landmark.city,
        landmark=landmark.name,
        landmark_id=landmark.id,
    )
