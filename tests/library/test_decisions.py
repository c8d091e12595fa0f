"""What a person said of photos: where it is kept, how long it holds, and what follows from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from catalog_rows import answer, known_photo, made_landmark
from colors import ColorRecognizer
from sidecars import bag, packet

from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.library.catalog_photo import Decision
from whereshot.library.files import RealFiles
from whereshot.library.index import index_library
from whereshot.library.journal import Journal
from whereshot.library.keepers import Sidecars
from whereshot.library.places import PlaceFinder
from whereshot.library.tag_run import note_undone, tag_photos
from whereshot.library.tagging import PERSON, Metadata, TagOptions, TagStep, plan_tags
from whereshot.library.undo import undo
from whereshot.photo.sidecar import parse_sidecar
from whereshot.records import Location

OPTIONS = TagOptions("2026-11-26T18:00:00+00:00")
PICCHU, TEMPLE = made_landmark("machu_picchu"), made_landmark("temple")
YES, NO, OTHER = (
    Decision("accepted", PICCHU),
    Decision("rejected", PICCHU),
    Decision("accepted", TEMPLE),
)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "home" / "catalog.sqlite") as opened:
        yield opened


def photo(decision: Decision | None = None, sure: bool = True, **fields: object) -> CatalogPhoto:
    verdict = "landmark" if sure else "unknown"
    known = known_photo(Path("a.jpg"), answer("machu_picchu", 0.9, verdict=verdict), **fields)
    return replace(known, decision=decision)


def plan_one(known: CatalogPhoto, content: bytes | None = None) -> TagStep:
    read = lambda photo: Metadata(Path(f"{photo.path}.xmp"), content)  # noqa: E731
    [step] = plan_tags([known], read, OPTIONS)
    return step


@pytest.mark.parametrize("decision", [YES, NO, OTHER])
def test_a_decision_is_kept_and_can_be_taken_back(catalog: Catalog, decision: Decision) -> None:
    catalog.put([photo()])
    [known] = catalog.photos()
    assert known.id is not None
    catalog.decide({known.id: decision})
    assert catalog.get_by_id(known.id) == replace(known, decision=decision)
    catalog.decide({known.id: None})
    assert catalog.get_by_id(known.id) == known


def test_another_answer_for_the_same_content_leaves_a_decision(catalog: Catalog) -> None:
    catalog.put([photo()])
    catalog.decide({1: YES})
    catalog.put([replace(photo(), recognition=answer("temple", bundle="tiny@2"))])
    [known] = catalog.photos()
    assert (known.decision, known.shown) == (YES, PICCHU)


@pytest.mark.parametrize(("decision", "left"), [(YES, None), (OTHER, None), (NO, NO)])
def test_of_new_content_only_a_rejection_holds(
    catalog: Catalog, decision: Decision, left: Decision | None
) -> None:
    """It may be another picture: nothing must be written to it that somebody saw in the old one."""
    catalog.put([photo()])
    catalog.decide({1: decision})
    catalog.put([photo(content_hash="00" * 16)])
    assert next(catalog.photos()).decision == left


def test_a_number_is_never_given_twice(catalog: Catalog) -> None:
    catalog.put([known_photo(Path(name)) for name in ("a.jpg", "b.jpg")])
    catalog.connection.execute("DELETE FROM photos WHERE id = 2")
    catalog.put([known_photo(Path("a.jpg")), known_photo(Path("c.jpg"))])
    assert {known.path.name: known.id for known in catalog.photos()} == {"a.jpg": 1, "c.jpg": 3}
    assert catalog.get_by_id(2) is None


def test_a_decision_goes_along_when_a_photo_is_moved(catalog, tmp_path, paint) -> None:
    library = tmp_path / "library"
    paint(library / "a.png", "red")
    paint(library / "b.png", "green")
    index_library(catalog, [library], ColorRecognizer())
    a, _ = catalog.photos()
    catalog.decide({a.id: Decision("rejected", a.best.landmark)})
    (library / "new").mkdir()
    shutil.move(library / "a.png", library / "new" / "z.png")
    index_library(catalog, [library], ColorRecognizer())
    assert {known.path.name: known.decision is not None for known in catalog.photos()} == {
        "b.png": False,
        "z.png": True,
    }


def test_a_rejected_photo_gets_no_place() -> None:
    step = plan_one(photo(NO))
    assert (step.outcome, step.changes) == ("skipped", False)
    assert step.reason == "somebody said that it does not show Machu Picchu"
    assert PlaceFinder().place(photo(NO)) is None


def test_a_rejection_is_of_one_landmark_and_says_nothing_of_another() -> None:
    known = replace(photo(NO), recognition=answer("temple"))
    assert known.shown is not None
    assert known.shown.id == "temple"
    assert plan_one(known).outcome == "written"


def test_the_tag_of_a_rejected_photo_is_taken_out_and_nothing_else() -> None:
    tagged = plan_one(photo())
    step = plan_one(photo(NO), tagged.after)
    assert (step.outcome, step.changes, step.after) == ("removed", True, None)
    before = packet(bag("dc:subject", "holiday"))
    merged = plan_one(photo(), before)
    assert plan_one(photo(NO), merged.after).after == before


def test_the_tag_of_another_landmark_stays_where_one_was_rejected() -> None:
    tagged = plan_one(replace(photo(), recognition=answer("temple")))
    assert plan_one(photo(NO), tagged.after).outcome == "skipped"


@pytest.mark.parametrize("sure", [True, False])
def test_a_correction_is_written_as_the_word_of_a_person(sure: bool) -> None:
    step = plan_one(photo(OTHER, sure))
    assert step.after is not None
    own = parse_sidecar(step.after).own
    assert own is not None
    assert (own.landmark_id, own.probability, own.bundle) == ("temple", 1.0, PERSON)
    place = PlaceFinder().place(photo(OTHER, sure))
    assert place is not None
    assert (place.landmark_id, place.certainty) == ("temple", 1.0)


def test_an_accepted_answer_keeps_the_figures_of_the_recognizer() -> None:
    step = plan_one(photo(YES))
    assert step.after is not None
    own = parse_sidecar(step.after).own
    assert own is not None
    assert (own.probability, own.bundle) == (0.9, "tiny@1")


def test_a_recognizer_never_overwrites_what_a_person_chose() -> None:
    """Also where the catalog is lost, or the photo itself was written to and so is a new one."""
    chosen = plan_one(photo(OTHER))
    step = plan_one(photo(), chosen.after)
    assert (step.outcome, step.reason) == ("skipped", "somebody said which landmark it shows")
    assert plan_one(photo(YES), chosen.after).outcome == "updated"


def test_a_person_outvotes_the_position_but_not_another_persons_place() -> None:
    far = Location(50.0, 10.0, 0.01, "exif")
    assert plan_one(photo(own_location=far)).outcome == "review"
    assert plan_one(photo(YES, own_location=far)).outcome == "written"
    somebodys = packet("<photoshop:City>Cuzco</photoshop:City>")
    assert plan_one(photo(YES), somebodys).reason == "it has a place that somebody gave it"


def test_what_was_written_and_what_was_taken_back_stands_in_the_catalog(catalog, tmp_path) -> None:
    photos = [_file(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    catalog.put(photos)
    run = _tag(catalog, tmp_path)
    assert [known.written_at for known in catalog.photos()] == [OPTIONS.when] * 2
    (tmp_path / "b.jpg.xmp").write_bytes(b"somebody else's")
    with Journal(tmp_path / "journal") as journal:
        report = undo(journal, run, RealFiles())
    note_undone(catalog, report, RealFiles())
    assert [known.written_at for known in catalog.photos()] == [None, OPTIONS.when]


def test_taking_a_rejected_tag_out_is_noted_too(catalog, tmp_path) -> None:
    catalog.put([_file(tmp_path / "a.jpg")])
    _tag(catalog, tmp_path)
    catalog.decide({1: NO})
    _tag(catalog, tmp_path)
    assert not (tmp_path / "a.jpg.xmp").exists()
    assert next(catalog.photos()).written_at is None


def _file(path: Path) -> CatalogPhoto:
    path.write_bytes(b"a photo")
    status = path.stat()
    return known_photo(path, size=status.st_size, mtime_ns=status.st_mtime_ns)


def _tag(catalog: Catalog, folder: Path) -> int:
    files = RealFiles()
    with Journal(folder / "journal") as journal, journal.begin("tag", files) as run:
        photos = catalog.photos([folder])
        list(tag_photos(catalog, photos, Sidecars(files), run, OPTIONS, {}, dry=False))
        return run.id
