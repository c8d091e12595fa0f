"""From what is known of a photo to the name of its folder."""

from __future__ import annotations

import string
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import TemplateError
from whereshot.library.names import MOST_BYTES, byte_length, folded, numbered, safe_name
from whereshot.library.template import FIELDS, UNKNOWN_PLACE, parse_template

TEXT = st.text(max_size=60)


def test_every_field_can_be_used() -> None:
    values = {field: field.upper() for field in FIELDS}
    template = parse_template("/".join(f"{{{field}}}" for field in FIELDS))

    assert template.fields == set(FIELDS)
    assert template.folder(values) == PurePath(*(field.upper() for field in FIELDS))


def test_an_unknown_field_is_an_error_with_the_closest_one() -> None:
    with pytest.raises(TemplateError, match=r"\{contry\} is no field\. Did you mean \{country\}\?"):
        parse_template("{contry}/{city}")
    with pytest.raises(TemplateError, match=r"\{\} is no field\. The fields are \{country\}"):
        parse_template("{}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/{country}",
        "{country}/",
        "{country}//{city}",
        "../{country}",
        "{country}/..",
        ".{country}",
        "{country}.",
        " {country}",
        "{year}:{month}",
        "a\\{city}",
        "{country",
        "country}",
        "{country!r}",
        "{year:>8}",
        "{country.name}",
        "{country[0]}",
        "con",
        "x\n{city}",
    ],
)
def test_a_template_that_names_no_good_folder_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError, match="can't be used"):
        parse_template(text)


def test_a_doubled_brace_is_a_brace() -> None:
    assert parse_template("{{{city}}}").folder({"city": "Agra"}) == PurePath("{Agra}")


def test_dates_and_cameras_have_their_own_word_for_what_is_missing() -> None:
    template = parse_template("{year}-{month}/{camera}/{city} {year}")

    assert template.folder({}) == PurePath(
        "Unknown date", "Unknown camera", "Unknown place Unknown date"
    )
    assert template.folder({"city": "Agra"}).name == "Agra Unknown date"


def test_a_place_that_is_known_to_a_finer_level_is_no_unknown_place() -> None:
    template = parse_template("{country}/{region}/{city}/{landmark}")

    def folder(**values: str) -> str:
        return template.folder(values).as_posix()

    assert folder(country="Peru", landmark="Machu Picchu") == "Peru/Machu Picchu"
    assert folder(country="Peru", region="Cusco") == "Peru/Cusco/Unknown place"
    assert folder(city="Agra") == "Agra/Unknown place"
    assert folder() == "Unknown place"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("St. John's / Fort", "St. John's - Fort"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("..", ""),
        ("   ", ""),
        ("LPT1", "LPT1_"),
        ("com¹.old", "com¹_.old"),
        ("Console", "Console"),
        ("a\0b\x1b[2Jc", "ab[2Jc"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("broken \udcff", "broken _"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("क्\u200dष", "क्\u200dष"),
        ("two\nlines\u2028three", "two lines three"),
    ],
)
def test_a_value_becomes_a_name_that_every_system_takes(value: str, name: str) -> None:
    assert safe_name(value) == name


def test_a_long_value_is_cut_between_characters() -> None:
    assert safe_name("é" * 200) == "é" * 60
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert safe_name("x" * 115 + family).endswith(("x", "\U0001f468"))


@given(TEXT)
def test_a_safe_name_is_safe_and_stays_as_it_is(value: str) -> None:
    name = safe_name(value)

    assert safe_name(name) == name
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert name == name.strip(". ")
    assert byte_length(name) < MOST_BYTES


@given(
    st.dictionaries(st.sampled_from(FIELDS), TEXT), st.lists(st.sampled_from(FIELDS), min_size=1)
)
def test_a_folder_stays_below_the_one_that_it_is_in(
    values: dict[str, str], fields: list[str]
) -> None:
    folder = parse_template("/".join(f"{{{field}}}" for field in fields)).folder(values)

    assert folder.parts
    assert not folder.is_absolute()
    assert all(safe_name(part) == part for part in folder.parts)
    assert folder.parts.count(UNKNOWN_PLACE) <= 1 or UNKNOWN_PLACE in values.values()


@given(TEXT.filter(lambda text: not set(text) & set("{}")))
def test_a_literal_is_taken_as_it_is_or_refused(text: str) -> None:
    try:
        folder = parse_template(text).folder({})
    except TemplateError:
        return
    assert folder.as_posix() == text


@given(st.text(string.printable, min_size=1, max_size=300), st.integers(2, 99_999))
def test_a_numbered_stem_leaves_room_for_its_endings(stem: str, number: int) -> None:
    name = numbered(stem, number, 20)

    assert name.endswith(f"-{number}")
    assert byte_length(name) + 20 <= MOST_BYTES


def test_names_that_a_file_system_may_take_for_one_fold_alike() -> None:
    assert folded("Straße.JPG") == folded("strasse.jpg")
    assert folded("\u212bngstrom") == folded("ångström".replace("ö", "o"))
    assert folded("IMG_1") != folded("IMG_2")
