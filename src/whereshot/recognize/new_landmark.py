"""The record of a landmark that somebody names: what they left out is looked up, offline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from whereshot.errors import EnrollmentError, LandmarkNotFoundError
from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.cities import load_cities
from whereshot.gazetteer.countries import Country, load_countries, read_names
from whereshot.gazetteer.likeness import SUGGESTS, likeness
from whereshot.gazetteer.names import fold, key
from whereshot.geo import haversine_km
from whereshot.recognize.enrolled_landmark import check_landmark
from whereshot.records import Landmark

DEFAULT_RADIUS_KM = 0.5
_SAME_PLACE_KM = 50.0
"""Further than this outside of its radius, a place of the gazetteer's name is another one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody says of a landmark that they teach; None and empty is what they leave open."""

    name: str
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    country: str = ""
    country_code: str = ""
    city: str = ""
    region: str = ""
    wikidata: str = ""
    aliases: tuple[str, ...] = ()
    kind: Literal["natural", "built"] | None = None


def id_of(name: str) -> str:
    """The id of a landmark of this name: its words in lower case, joined by underscores.

    Raises `EnrollmentError` for a name without Latin letters or digits.

    >>> id_of("Wrocław's Dwarves")
    'wroclaws_dwarves'
    """
    words = "".join(letter if letter.isascii() else " " for letter in fold(name)).split()
    if not words or not fold(name).isascii():
        raise EnrollmentError(
            f"No id can be made of the name {name!r}: expected one in Latin letters, such as its "
            "English name. Give that, and this one as an alias"
        )
    return "_".join(words)


def new_landmark(wish: Wish, there: Landmark | None = None) -> tuple[Landmark, str | None]:
    """The full record of a wish, and what is strange about its place, if anything.

    What is left open comes from the landmark that is `there` already, if it was enrolled before,
    else from the gazetteer, if that knows the name; the country and the city from the point, if
    they are still open. Raises `EnrollmentError` for what can't be: a point that is not on Earth,
    no point at all, an unknown country, a name that makes no id.
    """
    latitude, longitude = _point(wish)
    base = there or _in_gazetteer(wish)
    if base is not None and latitude is None:
        latitude, longitude = base.latitude, base.longitude
    if latitude is None or longitude is None:
        raise EnrollmentError(
            f"Where is {wish.name!r}? Expected a latitude and a longitude in degrees: "
            "--at 51.929,-8.571, or latitude=51.929, longitude=-8.571 in Python"
        )
    country, strange = _country(wish, base, latitude, longitude)
    radius_km = _radius_km(wish, base)
    if base is None:
        city = load_cities().at(latitude, longitude, country.code)
        names = (id_of(wish.name), wish.name, city.name if city else "", "", "")
    else:
        names = (base.id, base.name, base.city, base.region, base.wikidata)
    try:
        landmark = Landmark(
            id=names[0],
            name=names[1],
            latitude=latitude,
            longitude=longitude,
            radius_km=radius_km,
            country=country.name,
            country_code=country.code,
            city=wish.city or names[2],
            region=wish.region or names[3],
            wikidata=wish.wikidata or names[4],
            kind=wish.kind or (base.kind if base else "built"),
            aliases=tuple(dict.fromkeys((*(base.aliases if base else ()), *wish.aliases))),
        )
        check_landmark(landmark)
    except ValueError as error:
        raise EnrollmentError(f"{wish.name!r} can't be enrolled: {error}. Correct it") from error
    return landmark, strange


def check_free(landmark: Landmark, known: Iterable[Landmark], title: str) -> None:
    """Raise `EnrollmentError` if one of these landmarks has the id or a spelling already.

    `title` says whose they are, such as `world@2`.
    """
    wanted = {key(spelling): spelling for spelling in _spellings(landmark)}
    for other in known:
        for spelling in _spellings(other):
            if key(spelling) in wanted:
                raise EnrollmentError(
                    f"{title} knows {wanted[key(spelling)]!r} already: it is "
                    f"{other.name!r} ({other.id}). Give the new landmark another name or alias"
                )


def find_landmark(name: str, among: Sequence[Landmark]) -> Landmark:
    """The landmark with this id, or else with this name or alias in any spelling.

    Raises `LandmarkNotFoundError`, with the closest names in it.
    """
    for landmark in among:
        if landmark.id == name:
            return landmark
    found = [one for one in among if key(name) in map(key, _spellings(one))]
    if len(found) == 1:
        return found[0]
    if found:
        ids = " or ".join(one.id for one in found)
        raise LandmarkNotFoundError(f"{name!r} may be {ids}: expected one. Give its id")
    alike = [(likeness(fold(name), map(fold, _spellings(one))), one) for one in among]
    alike.sort(key=lambda pair: -pair[0])
    close = [f"{one.name} ({one.id})" for score, one in alike[:3] if score >= SUGGESTS]
    hint = (
        f"Did you mean {' or '.join(close)}?"
        if close
        else "`whereshot landmarks --enrolled` lists all of them"
    )
    raise LandmarkNotFoundError(f"No landmark {name!r} is among the {len(among)} enrolled. {hint}")


def _spellings(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.id, landmark.name, *landmark.aliases)


def _point(wish: Wish) -> tuple[float | None, float | None]:
    if (wish.latitude is None) != (wish.longitude is None):
        raise EnrollmentError(
            f"{wish.name!r} has only one of latitude and longitude: expected both. Give the other"
        )
    for what, value, most in (("latitude", wish.latitude, 90), ("longitude", wish.longitude, 180)):
        if value is not None and not -most <= value <= most:
            raise EnrollmentError(
                f"The {what} of {wish.name!r} must be in [-{most}, {most}] degrees, got {value}. "
                "Latitude comes first, then longitude"
            )
    return wish.latitude, wish.longitude


def _in_gazetteer(wish: Wish) -> Landmark | None:
    """The gazetteer's landmark of that name, unless it is at another place."""
    try:
        found = load_gazetteer().resolve(wish.name)
    except LandmarkNotFoundError:
        return None
    if wish.latitude is None or wish.longitude is None:
        return found
    apart_km = haversine_km((wish.latitude, wish.longitude), (found.latitude, found.longitude))
    return found if apart_km <= found.radius_km + _SAME_PLACE_KM else None


def _radius_km(wish: Wish, base: Landmark | None) -> float:
    if wish.radius_km is None:
        return base.radius_km if base else DEFAULT_RADIUS_KM
    if not (wish.radius_km > 0 and math.isfinite(wish.radius_km)):
        raise EnrollmentError(
            f"The radius of {wish.name!r} must be above 0 km and finite, got {wish.radius_km}. "
            "A statue has 0.3, a canyon 100"
        )
    return wish.radius_km


def _country(
    wish: Wish, base: Landmark | None, latitude: float, longitude: float
) -> tuple[Country, str | None]:
    """The country of a wish, and what is strange about it."""
    around = load_countries().at(latitude, longitude)
    country = _named_country(wish.country, wish.country_code)
    if country is None and base is not None and base.country:
        country = Country(base.country, base.country_code)
    if country is None:
        return around or Country("", ""), None
    strange = None
    if around is not None and around.code and country.code and around.code != country.code:
        strange = (
            f"the point {latitude:g}, {longitude:g} is in {around.name}, not in {country.name}. "
            "Check that latitude comes first, and that west and south are negative"
        )
    return country, strange


def _named_country(name: str, code: str) -> Country | None:
    """The country of a name, a code or both; what is not given is filled from the other."""
    if not name and not code:
        return None
    if name and code:
        return Country(name, code.upper())
    countries = sorted(set(read_names().values()))
    for country in countries:
        if (code and country.code == code.upper()) or (name and fold(country.name) == fold(name)):
            return country
    close = sorted(countries, key=lambda country: -likeness(fold(name), [fold(country.name)]))
    if name and likeness(fold(name), [fold(close[0].name)]) >= SUGGESTS:
        hint = f"Did you mean {close[0].name} ({close[0].code})?"
    else:
        hint = "Give both: country='Ireland', country_code='IE'"
    raise EnrollmentError(
        f"No country {name or code!r} is known, expected a common English name or two letters. "
        f"{hint}"
    )
