"""What one list of keywords says can be said in another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.photo.sidecar.keywords import (
    HIERARCHICAL,
    SUBJECT,
    TAGS,
    KeywordList,
    all_of,
    without_doubles,
)

NAMES = st.text("ab/ ", min_size=1).map(str.strip).filter(bool)


@given(st.lists(NAMES, min_size=1, max_size=4).map(tuple))
def test_a_path_is_the_same_in_both_forms(path: tuple[str, ...]) -> None:
    there = TAGS.join(HIERARCHICAL.split(HIERARCHICAL.join(path)))
    assert HIERARCHICAL.join(TAGS.split(there)) == HIERARCHICAL.join(path)
    assert TAGS.split(there) == path


def test_a_name_never_splits_into_two_levels() -> None:
    path = ("Places", "St. John's|Basse/Terre")
    assert HIERARCHICAL.join(path) == "Places|St. John's/Basse/Terre"
    assert TAGS.join(path) == "Places/St. John's|Basse|Terre"
    assert SUBJECT.items_for(path) == ("St. John's|Basse/Terre",)


@pytest.mark.parametrize(
    ("into", "expected"),
    [
        (SUBJECT, ("Anna", "2024", "beach")),
        (HIERARCHICAL, ("People|Anna", "2024", "beach")),
        (TAGS, ("People/Anna", "2024", "beach")),
    ],
)
def test_a_new_list_says_all_that_the_others_say(
    into: KeywordList, expected: tuple[str, ...]
) -> None:
    lists = {
        HIERARCHICAL: ["People|Anna", "|", ""],
        TAGS: ["People/Anna", "2024"],
        SUBJECT: ["anna", "PEOPLE", "beach"],
    }
    assert all_of(lists, into) == expected


def test_keywords_that_differ_in_case_or_accents_are_the_same() -> None:
    assert without_doubles(["Peking", "Zürich", "Ulm", "ULM"], ["PEKING", "Zu\u0308rich"]) == (
        "Ulm",
    )
