"""Look-up by id, spelling, near miss and place; and tables that can't be one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import GazetteerError, LandmarkNotFoundError
from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.geo import haversine_km
from whereshot.records import Landmark

HEADER = "id,name,aliases,latitude,longitude,radius_km,city,region,country,country_code,kind"
OLD_MILL = "old_mill,Old Mill,Alte Mühle|The Mill,50.1,8.5,0.2,Mainz,,Germany,DE,built"
BLUE_LAKE = "blue_lake,Blue Lake,,-37.8,140.8,1,Mount Gambier,South Australia,Australia,AU,natural"


def landmark(id: str, name: str, *aliases: str) -> Landmark:  # noqa: A002
    return Landmark(id, name, 1.0, 2.0, 0.1, "Ghana", "GH", aliases=aliases)


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


# By name


def test_an_id_must_be_exact_and_a_name_need_not() -> None:
    gazetteer = load_gazetteer()
    assert gazetteer.by_id("hagia_sophia").name == "Hagia Sophia"
    assert gazetteer.resolve("HAGIA-sophia") is gazetteer.by_id("hagia_sophia")
    with pytest.raises(LandmarkNotFoundError, match="with the id 'Hagia Sophia'"):
        gazetteer.by_id("Hagia Sophia")


def test_a_near_miss_is_not_resolved_but_suggested() -> None:
    with pytest.raises(LandmarkNotFoundError, match=r"Did you mean Eiffel Tower \(eiffel_tower\)"):
        load_gazetteer().resolve("Eifel Towr")


def test_a_name_unlike_all_others_gets_no_silly_suggestion() -> None:
    with pytest.raises(LandmarkNotFoundError, match="lists all of them"):
        load_gazetteer().resolve("qqqqxxxx")


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("Eifel towr", "eiffel_tower"),
        ("eifeltower", "eiffel_tower"),
        ("niagra", "niagara_falls"),
        ("colloseum", "colosseum"),
        ("tag mahal", "taj_mahal"),
        ("machu pichu", "machu_picchu"),
        ("grate wall", "great_wall_of_china"),
        ("Mt Rushmore", "mount_rushmore_national_memorial"),
        ("goldengate", "golden_gate_bridge"),
        ("borough of nowhere", None),
        ("rushmo", "mount_rushmore_national_memorial"),
        ("长城", "great_wall_of_china"),
        ("tour eiffel", "eiffel_tower"),
        ("opera hous", "sydney_opera_house"),
        ("xyz", None),
        ("", None),
        ("!!!", None),
    ],
)
def test_search_forgives_typos(query: str, best: str | None) -> None:
    found = [one.id for one in load_gazetteer().search(query)]
    assert (found[0] if found else None) == best


def test_search_by_place_finds_what_is_there() -> None:
    jordan = {"ajloun_castle", "dead_sea", "jerash", "petra", "wadi_rum"}
    assert {one.id for one in load_gazetteer().search("jordan")} == jordan
    assert {one.id for one in load_gazetteer().search("JO")} == jordan
    assert {one.id for one in load_gazetteer().search("Wrocław")} == {"wroclaws_dwarves"}


def test_names_with_the_query_come_before_places_of_that_name() -> None:
    names = [one.id for one in load_gazetteer().search("india", limit=None)]
    assert set(names[:2]) == {"india_gate", "gateway_of_india"}
    assert set(names[2:]) == {
        one.id for one in load_gazetteer() if one.country == "India" and one.id not in names[:2]
    }


def test_search_returns_no_more_than_asked_for() -> None:
    assert len(load_gazetteer().search("united states", limit=3)) == 3
    assert len(load_gazetteer().search("united states", limit=None)) > 10


@given(st.sampled_from(list(load_gazetteer())), st.data())
def test_search_finds_a_name_with_one_letter_missing(one: Landmark, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(one.name) - 1))
    misspelled = one.name[:at] + one.name[at + 1 :]
    if len(misspelled) >= 6:
        assert one in load_gazetteer().search(misspelled, limit=3)


@given(st.text(max_size=40))
def test_no_query_is_an_error(query: str) -> None:
    gazetteer = load_gazetteer()
    assert len(gazetteer.search(query)) <= 10
    with contextlib.suppress(LandmarkNotFoundError):
        assert gazetteer.resolve(query) in gazetteer


# By place


def test_nearest_is_what_a_full_sort_says() -> None:
    here = (27.7, 85.3)
    by_hand = sorted(
        load_gazetteer(), key=lambda one: haversine_km(here, (one.latitude, one.longitude))
    )
    found = load_gazetteer().nearest(*here, limit=5)
    assert [nearby.landmark for nearby in found] == by_hand[:5]
    assert found[0].landmark.id == "swayambhunath"
    assert found[0].distance_km == pytest.approx(1.9, abs=0.1)


def test_nearest_knows_that_the_date_line_is_no_edge() -> None:
    fiji = Landmark("fiji", "Fiji", -17.0, 179.9, 1, "Fiji", "FJ")
    tonga = Landmark("tonga", "Tonga", -21.0, -175.2, 1, "Tonga", "TO")
    nearest = Gazetteer([tonga, fiji]).nearest(-17.0, -179.9)
    assert nearest[0].landmark is fiji
    assert nearest[0].distance_km == pytest.approx(21.3, abs=0.1)


@pytest.mark.parametrize("point", [(91, 0), (0, 181), (float("nan"), 0)])
def test_nearest_refuses_what_is_not_on_earth(point: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must be in"):
        load_gazetteer().nearest(*point)


# Tables of one's own


def test_a_table_of_ones_own_needs_no_optional_column(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "old_mill,Old Mill,50.1,8.5,0.2,Germany,DE",
        "",
        header="id,name,latitude,longitude,radius_km,country,country_code",
    )
    (mill,) = Gazetteer.from_csv(path)
    assert mill == Landmark("old_mill", "Old Mill", 50.1, 8.5, 0.2, "Germany", "DE")
    assert mill in Gazetteer.from_csv(str(path))


def test_a_table_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(f'{HEADER}\r\n{OLD_MILL}\r\n"{BLUE_LAKE[:9]}"{BLUE_LAKE[9:]}\r\n,,,,,,,,,,\r\n'
                     .encode("utf-8-sig"))  # fmt: skip
    gazetteer = Gazetteer.from_csv(path)
    assert len(gazetteer) == 2
    assert gazetteer.resolve("ALTE MUHLE").aliases == ("Alte Mühle", "The Mill")
    assert gazetteer.by_id("blue_lake").kind == "natural"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (OLD_MILL.replace("50.1", "fifty"), "row 3: latitude must be a number .* got 'fifty'"),
        (OLD_MILL.replace("50.1", ""), "row 3: latitude must be a number .* got ''"),
        (OLD_MILL.replace("50.1", "95"), r"row 3: latitude must be in \[-90, 90\] .* got 95.0"),
        (OLD_MILL.replace("8.5", "nan"), r"row 3: longitude must be in \[-180, 180\]"),
        (OLD_MILL.replace("0.2", "-1"), "row 3: radius_km must be 0 or more and finite, got -1.0"),
        (OLD_MILL.replace("0.2", "inf"), "row 3: radius_km must be 0 or more and finite"),
        (OLD_MILL.replace("DE", "Ger"), "row 3: country_code must be two capital letters .*'Ger'"),
        (OLD_MILL.replace("Germany", ""), "row 3: country must be the country's name"),
        (OLD_MILL.replace("old_mill", "Old Mill"), "row 3: id must be lower-case words .*'Old M"),
        (OLD_MILL.replace("Old Mill,", " ,"), "row 3: a landmark needs an id and a name"),
        (OLD_MILL.replace("built", "bilt"), "row 3: kind must be natural or built, got 'bilt'"),
        (OLD_MILL + ",more", "row 3: 12 cells, expected 11"),
        (OLD_MILL.replace(",built", ""), "row 3: 10 cells, expected 11"),
        (OLD_MILL.replace("Old Mill,", '"Old Mill,'), "row 3: not CSV"),
        (OLD_MILL.replace("old_mill", "blue_lake"), "row 3: the id 'blue_lake' belongs to 'Blue"),
        (
            OLD_MILL.replace("The Mill", "BLUE LAKE"),
            "row 3: 'BLUE LAKE' stands for both 'blue_lake' and 'old_mill'",
        ),
        (OLD_MILL.replace("The Mill", "---"), "row 3: the name '---' has no letter or digit"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(GazetteerError, match=message) as caught:
        Gazetteer.from_csv(table(tmp_path, BLUE_LAKE, row))
    assert "mine.csv" in str(caught.value)


def test_a_wrong_wikidata_item_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, OLD_MILL + ",243", header=HEADER + ",wikidata")
    with pytest.raises(GazetteerError, match=r"row 2: wikidata must be empty or an item .*'243'"):
        Gazetteer.from_csv(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,name", "row 1: the header has no 'latitude', 'longitude'"),
        (HEADER.replace("city", "town"), "row 1: the header has unknown 'town'"),
        (HEADER + ",city", "row 1: the header has repeated 'city'"),
        ("", "row 1: the header has no 'id'"),
    ],
)
def test_a_wrong_header_is_named(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(GazetteerError, match=message):
        Gazetteer.from_csv(table(tmp_path, header=header))


def test_a_table_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GazetteerError, match=r"No gazetteer at .*nowhere\.csv"):
        Gazetteer.from_csv(tmp_path / "nowhere.csv")
    with pytest.raises(GazetteerError, match="Can't read the gazetteer"):
        Gazetteer.from_csv(tmp_path)
    with pytest.raises(GazetteerError, match="has no rows"):
        Gazetteer.from_csv(table(tmp_path))
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\n{OLD_MILL}".encode("latin-1"))
    with pytest.raises(GazetteerError, match="as UTF-8 text"):
        Gazetteer.from_csv(tmp_path / "latin.csv")


def test_clashes_are_found_without_a_file_too() -> None:
    with pytest.raises(GazetteerError, match="landmark 2: the id 'a' belongs to 'A' already"):
        Gazetteer([landmark("a", "A"), landmark("a", "B")])
    with pytest.raises(GazetteerError, match="landmark 2: 'C' stands for both 'a' and 'b'"):
        Gazetteer([landmark("a", "A", "c"), landmark("b", "B", "C")])


def test_a_landmark_may_repeat_its_own_spelling() -> None:
    gazetteer = Gazetteer([landmark("a_b", "A B", "a-b", "AB")])
    assert gazetteer.resolve("ab").id == "a_b"


def test_a_landmark_of_another_table_is_not_in_this_one() -> None:
    gazetteer = Gazetteer([landmark("a", "A")])
    assert landmark("a", "A") in gazetteer
    assert landmark("a", "Another") not in gazetteer
    assert "a" not in gazetteer
