from __future__ import annotations

from collections import Counter

import pytest

from whereshot.errors import DatasetError
from whereshot.gazetteer import load_gazetteer
from whereshot.learn.sets.gldv2.choice import choose_named, choose_top, read_names
from whereshot.learn.sets.gldv2.tables import Category

URL = "http://commons.wikimedia.org/wiki/Category:"
SET = [
    Category(47378, URL + "Eiffel_Tower"),
    Category(77124, URL + "Great_Wall_of_China"),
    Category(31, URL + "Sparkassen-Arena,_G%C3%B6ttingen"),
    Category(5, URL + "St._Mary%27s_Church"),
    Category(6, URL + "St_Mary's_Church"),
    Category(7, URL + "St._Mary's_Church,_Hull"),
]


@pytest.fixture
def choose(tmp_path):
    def choose(*lines):
        source = tmp_path / "names.txt"
        source.write_text("\n".join(lines), encoding="utf-8")
        gazetteer = load_gazetteer()
        return choose_named(source, read_names(source), lambda: iter(SET), gazetteer)

    return choose


@pytest.mark.parametrize(
    "line",
    [
        "47378",
        "Eiffel Tower",
        "eiffel_tower",
        "Tour Eiffel",
        "Category:Eiffel_Tower",
        "https://commons.wikimedia.org/wiki/Category:Eiffel_Tower",
        "Eiffel Tower\tthe one in Paris",
    ],
)
def test_a_landmark_is_found_however_it_is_spelled(choose, line):
    (found,) = choose(line)
    assert (found.landmark, found.category_url) == (47378, URL + "Eiffel_Tower")
    assert found.name == ("Eiffel Tower")


def test_a_wikidata_item_of_the_gazetteer_leads_to_its_category(choose):
    (found,) = choose("Q12501")
    assert (found.landmark, found.name, found.wikidata) == (77124, "Great Wall of China", "Q12501")


def test_a_landmark_that_the_gazetteer_does_not_know_has_its_category_as_name(choose):
    (found,) = choose("sparkassen arena gottingen")
    assert (found.landmark, found.name) == (31, "Sparkassen-Arena, Göttingen")
    assert found.wikidata == ""


def test_landmarks_come_once_in_the_order_of_the_list(choose):
    found = choose("# mine", "", "77124", "Eiffel Tower", "47378", "Great Wall")
    assert [one.landmark for one in found] == [77124, 47378]


def test_a_name_of_several_landmarks_is_not_guessed(choose):
    with pytest.raises(DatasetError, match=r"line 2: .* fits 2 landmarks: 5 \(St\. Mary's Church"):
        choose("47378", "St Mary's Church")
    (found,) = choose("6")
    assert found.landmark == 6


def test_what_is_not_in_the_set_is_told_with_what_is_near(choose):
    with pytest.raises(DatasetError, match=r"line 1: 'Göttingen'\).*31 \(Sparkassen-Arena, Gö"):
        choose("Göttingen")
    with pytest.raises(
        DatasetError, match=r"\(line 1: 'a1', line 2: '99', line 3: 'Q1' and 1 more\).*Expected a"
    ):
        choose("a1", "99", "Q1", "…")


def test_a_list_that_says_nothing_is_told(tmp_path):
    source = tmp_path / "names.txt"
    source.write_text("# nothing\n\n")
    with pytest.raises(DatasetError, match="names no landmark"):
        read_names(source)
    with pytest.raises(DatasetError, match="can't be read: No such file"):
        read_names(tmp_path / "none.txt")
    source.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="not text in UTF-8"):
        read_names(source)


def test_the_top_landmarks_are_those_with_the_most_photos():
    counts = Counter({31: 5, 47378: 9, 6: 5, 5: 5, 77124: 2})
    found = choose_top(counts, 3, lambda: iter(SET), load_gazetteer())
    assert [one.landmark for one in found] == [47378, 5, 6]
    assert found[0].name == "Eiffel Tower"
    assert len(choose_top(counts, None, lambda: iter(SET), load_gazetteer())) == 5


def test_tables_of_different_versions_are_told():
    with pytest.raises(DatasetError, match="1 landmarks have photos but no category, such as 999"):
        choose_top(Counter({999: 3}), 1, lambda: iter(SET), load_gazetteer())
