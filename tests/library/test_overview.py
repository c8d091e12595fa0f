"""What lists know of photos, and the groups that they are shown in: by places, trips and days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from catalog_rows import answer, made_landmark
from library_photos import catalog_photo

from whereshot.library.bounds import Bounds
from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.library.catalog_photo import Decision
from whereshot.library.grouping import Choice, alike, arrange
from whereshot.library.overview import PASSES, Item, Lookout, Overview, item_of
from whereshot.library.places import PlaceFinder
from whereshot.records import Location

AGRA, LIMA, SEA = (27.17, 78.04), (-12.05, -77.04), (0.0, -30.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path.resolve() / "photos"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def overview(catalog: Catalog, root: Path) -> Overview:
    """Five days in Agra, one photo in Lima, one at sea, and one of which nothing is known."""
    catalog.put(
        [
            *(
                catalog_photo(
                    root / f"agra{day}.jpg",
                    landmark="taj_mahal" if day % 2 else None,
                    gps=AGRA,
                    taken=f"2024-03-0{day}T09:00:00",
                )
                for day in range(1, 6)
            ),
            catalog_photo(root / "lima.jpg", gps=LIMA, taken="2023-07-01T10:00:00+02:00"),
            catalog_photo(root / "sea.jpg", gps=SEA),
            catalog_photo(root / "dark.jpg", landmark="taj_mahal", unknown=True, probability=0.1),
        ]
    )
    return Lookout(Bounds([root])).look(catalog)


def item(photo: CatalogPhoto) -> Item:
    return item_of(replace(photo, id=1), PlaceFinder())


@pytest.mark.parametrize(
    ("by", "titles"),
    [
        ("place", ["Agra", "Lima", "Outside of all countries", "No place known"]),
        ("landmark", ["Taj Mahal", "No landmark"]),
        ("trip", ["On no trip"]),
        ("day", ["5 March 2024", "4 March 2024", "3 March 2024", "2 March 2024"]),
    ],
)
def test_groups_have_names_to_read_and_the_rest_comes_last(
    overview: Overview, by: str, titles: list[str]
) -> None:
    arranged = arrange(overview, by, Choice())
    found = [group.title for group in arranged.groups]
    assert found[: len(titles)] == titles
    assert len(arranged.items) == 8
    if by != "landmark":
        assert arranged.groups[-1].key == ""
    assert sum(group.count for group in arranged.groups) == 8


def test_the_latest_trip_comes_first(catalog: Catalog, root: Path) -> None:
    for name, place, year in (("agra", AGRA, 2024), ("lima", LIMA, 2023)):
        catalog.put(
            catalog_photo(root / f"{name}{hour}.jpg", gps=place, taken=f"{year}-03-01T{hour}:00:00")
            for hour in range(10, 15)
        )
    arranged = arrange(Lookout(Bounds([root])).look(catalog), "trip", Choice())
    assert [(group.title, group.subtitle, group.offset) for group in arranged.groups] == [
        ("Agra, March 2024", "1 March 2024", 0),
        ("Lima, March 2023", "1 March 2023", 5),
    ]


def test_photos_of_a_group_are_in_the_order_in_which_they_were_taken(overview: Overview) -> None:
    first = arrange(overview, "place", Choice()).groups[0]
    assert (first.count, first.subtitle) == (5, "India")
    assert first.first == datetime.fromisoformat("2024-03-01T09:00")
    assert first.last == datetime.fromisoformat("2024-03-05T09:00")
    names = [each.name for each in arrange(overview, "place", Choice()).items[:5]]
    assert names == [f"agra{day}.jpg" for day in range(1, 6)]


def test_a_choice_of_days_includes_both_and_leaves_out_what_has_no_date(
    overview: Overview,
) -> None:
    choice = Choice(since=date(2024, 3, 2), until=date(2024, 3, 4))
    assert [each.name for each in arrange(overview, "place", choice).items] == [
        "agra2.jpg",
        "agra3.jpg",
        "agra4.jpg",
    ]
    assert len(arrange(overview, "day", Choice(landmark="taj_mahal", since=date.min)).items) == 3


def test_every_photo_is_in_one_state_and_the_counts_add_up(overview: Overview) -> None:
    counts = overview.counts
    states = ("certain", "unsure", "unknown", "failed", "waiting")
    assert sum(counts[state] for state in states) == counts["all"] == 8
    assert counts["certain"] == 3
    assert set(counts) == set(PASSES)


@pytest.mark.parametrize(
    ("photo", "state", "passes"),
    [
        (catalog_photo("a.jpg"), "waiting", {"no_gps"}),
        (catalog_photo("a.jpg", error="it is empty"), "failed", {"no_gps"}),
        (catalog_photo("a.jpg", landmark="taj_mahal"), "certain", {"no_gps", "suggested"}),
        (
            catalog_photo("a.jpg", landmark="taj_mahal", gps=LIMA),
            "certain",
            {"contradiction"},
        ),
        (
            catalog_photo("a.jpg", landmark="taj_mahal", unknown=True, probability=0.5),
            "unsure",
            {"no_gps"},
        ),
        (
            catalog_photo("a.jpg", landmark="taj_mahal", unknown=True, probability=0.1),
            "unknown",
            {"no_gps"},
        ),
    ],
)
def test_what_a_photo_is_and_which_filters_it_passes(
    photo: CatalogPhoto, state: str, passes: set[str]
) -> None:
    found = {name for name, passes_it in PASSES.items() if passes_it(item(photo))}
    assert found == {"all", state} | passes


def test_a_decision_changes_what_a_photo_is() -> None:
    sure = catalog_photo("a.jpg", landmark="taj_mahal", gps=LIMA)
    assert sure.recognition is not None
    taj_mahal = sure.recognition.predictions[0].landmark
    rejected = item(replace(sure, decision=Decision("rejected", taj_mahal)))
    assert (rejected.state, rejected.is_contradicted) == ("unknown", False)
    accepted = item(replace(sure, decision=Decision("accepted", made_landmark("temple"))))
    assert accepted.landmark is not None
    assert (accepted.state, accepted.landmark.id, accepted.certainty) == ("certain", "temple", 1.0)
    assert accepted.is_to_be_written


def test_a_photo_is_worked_out_anew_only_when_its_row_changed(
    overview: Overview, catalog: Catalog, root: Path
) -> None:
    lookout = Lookout(Bounds([root]))
    first = lookout.look(catalog)
    assert first.items == overview.items
    number = first.items[0].id
    catalog.decide({number: Decision("rejected", made_landmark("temple"))})
    again = lookout.look_again(catalog, first, [number])
    assert again.counts == Overview(again.items).counts != first.counts
    assert again.by_id == Overview(again.items).by_id
    for second in (again, lookout.look(catalog)):
        same = [a is b for a, b in zip(first.items, second.items, strict=True)]
        assert same == [False, *[True] * 7]
        assert second.items[0].decision == "rejected"


def test_only_photos_inside_of_the_bounds_are_seen(
    overview: Overview, catalog: Catalog, root: Path, tmp_path: Path
) -> None:
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    catalog.put(
        [
            catalog_photo(root / "out" / "linked.jpg"),
            catalog_photo(tmp_path / "photos-b" / "beside.jpg"),
        ]
    )
    assert len(Lookout(Bounds([root])).look(catalog).items) == 8
    assert Bounds([root]).holds(root / "in" / ".." / "x")
    assert not Bounds([root]).holds(root / ".." / "photos-b")
    assert not Bounds([]).holds(root)


def test_alike_photos_are_beside_each_other(overview: Overview) -> None:
    names = [each.name for each in alike(overview.items)]
    assert names[-4:] == ["agra1.jpg", "agra3.jpg", "agra5.jpg", "dark.jpg"]


def test_a_photo_with_an_answer_for_its_place_only_has_no_distance() -> None:
    near = item(
        replace(
            catalog_photo("a.jpg"),
            recognition=answer("machu_picchu"),
            own_location=Location(-13.1631, -72.545, 0.02, "exif"),
        )
    )
    assert near.distance_km == pytest.approx(0.0, abs=1e-6)
    assert item(catalog_photo("a.jpg", gps=AGRA)).distance_km is None
