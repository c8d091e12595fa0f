"""Which photos get a place and which don't, with the reason that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from catalog_rows import answer, known_photo
from sidecars import bag, packet, tag

from whereshot.errors import SidecarError
from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.localized import load_localized
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.tagging import Metadata, TagOptions, TagStep, plan_tags
from whereshot.photo.sidecar import merge_place, parse_sidecar
from whereshot.records import Landmark, Location, Prediction, Recognition

WHEN = "2026-11-26T18:00:00+01:00"
OPTIONS = TagOptions(WHEN)
PERU = (-13.1631, -72.545)


def reading(content: bytes | None = None, **fields: Any) -> Callable[[CatalogPhoto], Metadata]:
    return lambda photo: Metadata(Path(f"{photo.path}.xmp"), content, **fields)


def plan_one(
    photo: CatalogPhoto, content: bytes | None = None, options: TagOptions = OPTIONS, **fields: Any
) -> TagStep:
    [step] = plan_tags([photo], reading(content, **fields), options)
    return step


def photo(recognition: Recognition | None = None, **fields: Any) -> CatalogPhoto:
    return known_photo(Path("a.jpg"), recognition, **fields)


def at(latitude: float, longitude: float) -> Location:
    return Location(latitude, longitude, 0.01, "exif")


def test_a_sure_recognition_is_written_with_all_that_is_known_of_the_place() -> None:
    step = plan_one(photo(answer("machu_picchu", 0.93)))
    assert (step.outcome, step.reason, step.before) == ("written", "", None)
    assert step.path == Path("a.jpg.xmp").absolute()
    assert step.after is not None
    own = parse_sidecar(step.after).own
    assert own is not None
    assert (own.landmark, own.country, own.region) == ("Machu Picchu", "Perú", "Cusco")
    assert (own.probability, own.bundle, own.date) == (0.93, "tiny@1", WHEN)
    assert not own.write_gps


@pytest.mark.parametrize(
    ("known", "outcome", "reason"),
    [
        (photo(answer("x", verdict="unknown")), "skipped", "no landmark that it surely shows"),
        (photo(error="it is empty"), "failed", "it is empty"),
        (replace(photo(), recognition=None), "failed", "it was not recognized yet: run this again"),
    ],
)
def test_what_was_not_surely_recognized_is_not_written(
    known: CatalogPhoto, outcome: str, reason: str
) -> None:
    def read(_: CatalogPhoto) -> Metadata:
        raise AssertionError("no sidecar is read where nothing is to be written")

    [step] = plan_tags([known], read, OPTIONS)
    assert (step.outcome, step.reason, step.after) == (outcome, reason, None)


@pytest.mark.parametrize("kilometers_off", [0.0, 51.0, 53.0, 9000.0])
def test_a_position_far_from_the_landmark_is_for_review(kilometers_off: float) -> None:
    """The landmark's radius is 2 km, and 50 km more are allowed."""
    latitude = PERU[0] + kilometers_off / 111.195
    own_location = at(latitude, PERU[1])
    said = [
        plan_one(photo(own_location=own_location)),
        plan_one(photo(), embedded=as_xmp(latitude)),
        plan_one(photo(), as_xmp(latitude)),
    ]
    for step in said:
        assert step.outcome == ("review" if kilometers_off > 52 else "written")
        assert (step.after is None) == (kilometers_off > 52)
    if kilometers_off > 52:
        assert said[0].reason.startswith(f"its GPS position is {kilometers_off:,.0f} km from Machu")


def as_xmp(latitude: float) -> bytes:
    minutes = 60 * (abs(latitude) % 1)
    north = f"{int(abs(latitude))},{minutes:.6f}{'N' if latitude >= 0 else 'S'}"
    return packet(
        f"<exif:GPSLatitude>{north}</exif:GPSLatitude>",
        "<exif:GPSLongitude>72,32.7W</exif:GPSLongitude>",
    )


@pytest.mark.parametrize(
    "place",
    [
        "<photoshop:City>Cuzco</photoshop:City>",
        "<Iptc4xmpCore:Location>Inca trail</Iptc4xmpCore:Location>",
        "<photoshop:Country>Peru</photoshop:Country>",
    ],
)
def test_a_place_that_somebody_gave_stays_the_only_one(place: str) -> None:
    given = packet(place)
    for step in (
        plan_one(photo(), given),
        plan_one(photo(), embedded=given),
        plan_one(photo(), sidecar=given),
    ):
        assert (step.outcome, step.after) == ("skipped", None)
        assert step.reason == "it has a place that somebody gave it"


def test_what_a_sidecar_says_counts_where_the_photo_itself_is_written_to() -> None:
    step = plan_one(photo(), sidecar=as_xmp(48.0))
    assert step.outcome == "review"
    assert "km from Machu Picchu" in step.reason
    with_gps = TagOptions(WHEN, write_gps=True)
    near = plan_one(photo(), options=with_gps, sidecar=as_xmp(PERU[0]))
    ours = plan_one(photo(), options=with_gps).after
    again = plan_one(photo(), options=with_gps, sidecar=ours)
    assert near.after is not None
    assert again.after is not None
    assert parse_sidecar(near.after).gps is None
    assert parse_sidecar(again.after).gps is not None
    assert plan_one(photo(), sidecar=b"no xml").outcome == "written"


def test_a_photo_is_tagged_once_whichever_bundle_says_the_same_later() -> None:
    first = plan_one(photo())
    later = TagOptions("2027-01-01T00:00:00+00:00")
    for recognition in (answer("machu_picchu", 0.8), answer("machu_picchu", bundle="tiny@2")):
        step = plan_one(photo(recognition), first.after, later)
        assert (step.outcome, step.reason) == ("skipped", "it is tagged already")


def test_another_landmark_another_language_and_a_position_are_updates() -> None:
    first = plan_one(photo())
    other = plan_one(photo(answer("huayna_picchu")), first.after)
    gps = plan_one(photo(), first.after, TagOptions(WHEN, write_gps=True))
    for step in (other, gps):
        assert step.outcome == "updated"
        assert step.before == first.after
    assert other.after is not None
    assert gps.after is not None
    assert "Machu Picchu" not in parse_sidecar(other.after).keywords
    position = parse_sidecar(gps.after).gps
    assert position is not None
    assert position.source == "landmark"
    # A position that whereshot wrote speaks for nothing, and a run without the option leaves it.
    assert plan_one(photo(), gps.after).reason == "it is tagged already"
    moved = plan_one(photo(answer("huayna_picchu")), gps.after)
    assert moved.after is not None
    assert parse_sidecar(moved.after).gps is not None


def test_no_position_is_written_into_a_photo_that_has_one() -> None:
    with_gps = TagOptions(WHEN, write_gps=True)
    for step in (
        plan_one(photo(own_location=at(*PERU)), None, with_gps),
        plan_one(photo(), None, with_gps, embedded=as_xmp(PERU[0])),
    ):
        assert step.after is not None
        assert parse_sidecar(step.after).gps is None


def test_keywords_inside_the_photo_come_along_into_a_new_sidecar() -> None:
    step = plan_one(photo(), embedded=packet(bag("dc:subject", "holiday")))
    assert step.after is not None
    assert parse_sidecar(step.after).keywords[0] == "holiday"


def test_broken_xmp_inside_a_photo_does_not_keep_it_from_a_sidecar() -> None:
    assert plan_one(photo(), embedded=b"<x:xmpmeta broken</x:xmpmeta>").outcome == "written"


def test_names_are_those_of_the_language() -> None:
    tower = load_gazetteer().resolve("Eiffel Tower")
    step = plan_one(shown(tower), None, TagOptions(WHEN, names=load_localized("it")))
    assert step.after is not None
    assert parse_sidecar(step.after).hierarchical == ("Places|Francia|Paris|Torre Eiffel",)
    english = plan_one(shown(tower), step.after)
    assert english.outcome == "updated"


def shown(landmark: Landmark) -> CatalogPhoto:
    recognition = Recognition(
        "landmark", (Prediction(landmark, 0.9),), landmark.location, "world@1"
    )
    return known_photo(Path("a.jpg"), recognition)


def test_a_sidecar_of_two_photos_is_that_of_the_first() -> None:
    """Else two that show two landmarks would write over each other, run after run."""
    content: bytes | None = None

    def read(_: CatalogPhoto) -> Metadata:
        return Metadata(Path("/IMG_1.xmp"), content, shared=True)

    photos = [
        known_photo(Path("IMG_1.CR2"), answer("machu_picchu")),
        known_photo(Path("IMG_1.jpg"), answer("huayna_picchu")),
    ]
    first, second = plan_tags(photos, read, OPTIONS)
    assert first.outcome == "written"
    assert second.reason == "its sidecar is that of IMG_1.CR2 too, which comes first"
    content = first.after
    assert [step.outcome for step in plan_tags(photos, read, OPTIONS)] == ["skipped"] * 2


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), SidecarError("no XMP")])
def test_what_cannot_be_read_fails_and_the_others_go_on(error: Exception) -> None:
    def read(known: CatalogPhoto) -> Metadata:
        if known.path.name == "a.jpg":
            raise error
        return Metadata(Path("/b.xmp"), None)

    steps = plan_tags([photo(), known_photo(Path("b.jpg"))], read, OPTIONS)
    assert [(step.outcome, step.reason) for step in steps] == [
        ("failed", getattr(error, "strerror", None) or str(error)),
        ("written", ""),
    ]


def test_what_a_sidecar_says_besides_is_kept() -> None:
    before = packet(bag("dc:subject", "holiday"), "<mine:note>kept</mine:note>")
    step = plan_one(photo(), before)
    assert step.after is not None
    assert b"<mine:note>kept</mine:note>" in step.after
    assert merge_place(before, tag()) != step.after
