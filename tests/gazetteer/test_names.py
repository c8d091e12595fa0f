"""Which spellings are one name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.gazetteer.names import fold, key


@pytest.mark.parametrize(
    ("given_name", "folded"),
    [
        ("09.Golden_Gate_Bridge", "golden gate bridge"),
        ("00. Haleakala National Park", "haleakala national park"),
        ("Mazar-e-Quaid", "mazar e quaid"),
        ("  GOLDEN   gate--bridge ", "golden gate bridge"),
        ("Chichén Itzá", "chichen itza"),
        ("Wrocław's Dwarves", "wroclaws dwarves"),
        ("Wroclaws_Dwarves", "wroclaws dwarves"),
        ("Cologne (Kölner Dom)", "cologne kolner dom"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Đà Nẵng", "da nang"),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}\N{LATIN SMALL LIGATURE FI}", "afi"),
        ("30 St Mary Axe", "30 st mary axe"),
        ("7.5 Metre Rock", "7 5 metre rock"),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_name_is_folded_to_plain_words(given_name: str, folded: str) -> None:
    assert fold(given_name) == folded


def test_spaces_do_not_count_in_a_key() -> None:
    assert key("Ha_Long_Bay") == key("HaLong Bay") == key("halong-bay") == "halongbay"


def test_vowel_signs_are_letters() -> None:
    """In Devanagari, dropping combining marks would make different words one."""
    assert key("ताज महल") != key("तज महल")


def test_scripts_survive() -> None:
    assert key("长城") == "长城"
    assert key("Παρθενώνας") == key("ΠΑΡΘΕΝΩΝΑΣ")
    assert key("Автодром") == key("АВТОДРОМ")


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    once = fold(name)
    assert fold(once) == once


@given(st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "Zs"])))
def test_composed_and_decomposed_letters_are_one_name(name: str) -> None:
    assert key(unicodedata.normalize("NFC", name)) == key(unicodedata.normalize("NFD", name))


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_ -]{0,30}", fullmatch=True), st.integers(0, 99))
def test_a_class_number_does_not_count(name: str, number: int) -> None:
    assert fold(f"{number:02}.{name}") == fold(name)
