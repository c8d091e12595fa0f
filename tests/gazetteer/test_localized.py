"""Names in other languages: whose they are, how they are written, what is shown without them."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter

import pytest

from whereshot.errors import GazetteerError
from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.localized import SHIPPED, languages, load_localized

with SHIPPED.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
LANDMARKS = {landmark.id: landmark for landmark in load_gazetteer()}
COUNTRIES = {landmark.country_code: landmark.country for landmark in load_gazetteer()}
NAMED = ("de", "fr", "es", "it", "ja", "zh")


def test_each_row_is_about_a_landmark_or_a_country_of_the_gazetteer_and_said_once() -> None:
    keys = [(row["id"], row["language"]) for row in ROWS]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert {row["id"] for row in ROWS} <= LANDMARKS.keys() | COUNTRIES.keys()
    assert {row["language"] for row in ROWS} == set(NAMED)


def test_a_name_differs_from_the_english_one_and_is_written_cleanly() -> None:
    for row in ROWS:
        name, key = row["name"], row["id"]
        english = LANDMARKS[key].name if key in LANDMARKS else COUNTRIES[key]
        assert name != english, row
        assert name == unicodedata.normalize("NFC", name) == " ".join(name.split()), row
        assert not set(name) & set("|/;,"), row  # what separates keywords in some program


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_names_in_an_own_script_are_in_it(language: str) -> None:
    scripts = ("CJK", "KATAKANA", "HIRAGANA")
    for row in ROWS:
        if row["language"] == language:
            assert unicodedata.name(row["name"][0]).startswith(scripts), row


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_every_country_has_a_name_in_an_own_script(language: str) -> None:
    named = {row["id"] for row in ROWS if row["language"] == language}
    assert COUNTRIES.keys() <= named


@pytest.mark.parametrize("language", NAMED)
def test_no_two_landmarks_have_one_name_in_a_language(language: str) -> None:
    names = load_localized(language)
    shown = Counter(names.landmark(landmark) for landmark in LANDMARKS.values())
    assert [name for name, count in shown.items() if count > 1] == []
    countries = {code: names.country(at) for at in LANDMARKS.values() for code in [at.country_code]}
    assert len(set(countries.values())) == len(COUNTRIES)


def test_a_name_that_is_known_as_an_alias_leads_to_the_same_landmark() -> None:
    gazetteer = load_gazetteer()
    for row in ROWS:
        if row["id"] in LANDMARKS:
            try:
                found = gazetteer.resolve(row["name"])
            except LookupError:
                continue
            assert found.id == row["id"], row


def test_what_has_no_name_in_a_language_is_shown_in_english() -> None:
    geisel = LANDMARKS["geisel_library"]
    assert load_localized("de").landmark(geisel) == "Geisel Library"
    taj = LANDMARKS["taj_mahal"]
    german = load_localized("de_AT")
    assert (german.landmark(taj), german.country(taj)) == ("Taj Mahal", "Indien")
    assert load_localized("en").country(taj) == "India"


def test_a_language_without_names_is_an_error_that_names_those_with() -> None:
    assert languages() == ("de", "en", "es", "fr", "it", "ja", "zh")
    with pytest.raises(GazetteerError, match=r"no names in the language 'xx'\. Choose one of de, "):
        load_localized("xx")
