"""What is looked up for a landmark that somebody names."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from enrolled_landmarks import CASTLE

from whereshot.errors import EnrollmentError, LandmarkNotFoundError
from whereshot.gazetteer import load_gazetteer
from whereshot.recognize.new_landmark import (
    Wish,
    check_free,
    find_landmark,
    id_of,
    new_landmark,
)
from whereshot.records import Landmark

BLARNEY: dict[str, Any] = {"name": "Blarney Castle", "latitude": 51.929, "longitude": -8.571}


def named(**fields: Any) -> Landmark:
    return new_landmark(Wish(**(BLARNEY | fields)))[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Blarney Castle", "blarney_castle"),
        ("Mazar-e-Quaid", "mazar_e_quaid"),
        ("  Église  Saint-Séverin ", "eglise_saint_severin"),
        ("Café 1900", "cafe_1900"),
        ("../../etc/passwd", "etc_passwd"),
    ],
)
def test_an_id_is_the_name_in_lower_snake_case(name: str, expected: str) -> None:
    assert id_of(name) == expected


def test_ids_of_the_gazetteer_follow_the_same_rule() -> None:
    own = [id_of(landmark.name) == landmark.id for landmark in load_gazetteer()]
    assert sum(own) > 0.85 * len(own), "some have a longer official name"


@pytest.mark.parametrize("name", ["", "...", "東京タワー", "Эрмитаж", "Tower 東京"])
def test_a_name_that_makes_no_id_is_refused(name: str) -> None:
    with pytest.raises(EnrollmentError, match=r"Latin letters.*alias"):
        id_of(name)


def test_country_and_city_come_from_the_point() -> None:
    castle = named()
    assert (castle.country, castle.country_code, castle.city) == ("Ireland", "IE", "Cork")
    assert (castle.id, castle.radius_km, castle.kind) == ("blarney_castle", 0.5, "built")


def test_what_is_said_wins_over_what_is_looked_up() -> None:
    castle = named(
        city="Blarney", region="Munster", wikidata="Q883998", kind="natural", radius_km=2.0
    )
    assert (castle.city, castle.region, castle.wikidata) == ("Blarney", "Munster", "Q883998")
    assert (castle.kind, castle.radius_km) == ("natural", 2.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"country_code": "ie"}, ("Ireland", "IE")),
        ({"country": "ireland"}, ("Ireland", "IE")),
        ({"country": "Éire", "country_code": "IE"}, ("Éire", "IE")),
    ],
)
def test_name_and_code_of_a_country_fill_each_other(
    given: dict[str, str], expected: tuple[str, str]
) -> None:
    castle = named(**given)
    assert (castle.country, castle.country_code) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"country": "Irland"}, r"No country 'Irland'.*Did you mean Ireland \(IE\)\?"),
        ({"country": "Xxxxxx"}, "No country 'Xxxxxx'.*Give both"),
        ({"country_code": "ZZ"}, "No country 'ZZ'.*Give both"),
    ],
)
def test_an_unknown_country_is_refused(given: dict[str, str], expected: str) -> None:
    with pytest.raises(EnrollmentError, match=expected):
        named(**given)


def test_a_point_in_another_country_is_told() -> None:
    landmark, strange = new_landmark(Wish(**(BLARNEY | {"country_code": "GB"})))
    assert landmark.country == "United Kingdom"
    assert strange is not None
    assert "is in Ireland, not in United Kingdom" in strange
    assert new_landmark(Wish(**(BLARNEY | {"country": "Ireland"})))[1] is None


def test_a_point_at_sea_has_no_country() -> None:
    found = named(latitude=0.0, longitude=-30.0)
    assert (found.country, found.country_code, found.city) == ("", "", "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"latitude": None, "longitude": None}, "Where is 'Blarney Castle'.*--at 51.929,-8.571"),
        ({"longitude": None}, "only one of latitude and longitude"),
        ({"latitude": 91.0}, r"latitude .* \[-90, 90\] degrees, got 91.0"),
        ({"longitude": 181.0}, r"longitude .* \[-180, 180\] degrees, got 181.0"),
        ({"latitude": float("nan")}, "degrees, got nan"),
        ({"radius_km": 0.0}, "radius .* above 0 km"),
        ({"radius_km": float("inf")}, "radius .* finite"),
        ({"wikidata": "883998"}, "wikidata must be an item such as"),
        ({"city": "Cork\n"}, "must be printable"),
        ({"aliases": ("",)}, "must not be blank"),
        ({"name": "x" * 400}, "at most"),
    ],
)
def test_what_can_not_be_is_refused(fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(EnrollmentError, match=expected):
        named(**fields)


def test_what_the_gazetteer_knows_of_a_name_is_taken() -> None:
    petra = load_gazetteer().by_id("petra")
    assert new_landmark(Wish(name="petra"))[0] == petra
    aliased = new_landmark(Wish(name="Petra", aliases=("Rekem",), radius_km=9.0))[0]
    assert aliased == dataclasses.replace(petra, aliases=(*petra.aliases, "Rekem"), radius_km=9.0)


def test_a_namesake_at_another_place_is_another_landmark() -> None:
    found = new_landmark(Wish(name="Petra", latitude=39.61, longitude=3.11))[0]
    assert (found.country_code, found.wikidata, found.id) == ("ES", "", "petra")


def test_an_enrolled_landmark_keeps_what_is_not_said_anew() -> None:
    again = new_landmark(Wish(name="blarney  CASTLE", radius_km=0.7), CASTLE)[0]
    assert again == dataclasses.replace(CASTLE, radius_km=0.7)


def test_a_name_that_somebody_has_is_refused() -> None:
    for taken in (
        dataclasses.replace(CASTLE, name="Other"),
        dataclasses.replace(CASTLE, id="other"),
        dataclasses.replace(CASTLE, id="other", name="caisleain", aliases=("Blarneycastle",)),
    ):
        with pytest.raises(EnrollmentError, match=r"world@2 knows .* already: it is"):
            check_free(CASTLE, [taken], "world@2")
    check_free(CASTLE, [dataclasses.replace(CASTLE, id="a", name="b", aliases=())], "world@2")


def test_a_landmark_is_found_by_id_name_and_alias() -> None:
    other = dataclasses.replace(CASTLE, id="other", name="Blarney House", aliases=())
    for spelling in ("blarney_castle", "Blarney Castle", "blarneycastle", "caisleán na blarnan"):
        assert find_landmark(spelling, [other, CASTLE]) is CASTLE
    with pytest.raises(LandmarkNotFoundError, match=r"Did you mean Blarney Castle \(blarney_cas"):
        find_landmark("blarny castel", [CASTLE])
    with pytest.raises(LandmarkNotFoundError, match="--enrolled` lists all"):
        find_landmark("Machu Picchu", [CASTLE])
    twin = dataclasses.replace(CASTLE, id="twin")
    with pytest.raises(LandmarkNotFoundError, match=r"may be blarney_castle or twin.*Give its id"):
        find_landmark("Blarney Castle", [CASTLE, twin])
