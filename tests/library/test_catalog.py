from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from catalog_rows import answer, known_photo

from whereshot.errors import CatalogError
from whereshot.library.catalog import PAGE, Catalog
from whereshot.records import Location, Recognition

HERE = Location(51.5, -0.12, 0.02, "exif")


@pytest.fixture
def catalog(tmp_path: Path):
    with Catalog(tmp_path / "data" / "catalog.sqlite") as opened:
        yield opened


def test_a_photo_comes_back_as_it_was_put(catalog, tmp_path):
    photo = replace(
        known_photo(tmp_path / "a.jpg"),
        taken_at=datetime(2024, 3, 1, 12, 30, 5, 250_000, timezone(timedelta(hours=5.5))),
        camera="Canon EOS R6",
    )
    catalog.put([photo])
    assert catalog.get(tmp_path / "a.jpg") == photo
    assert list(catalog.photos()) == [photo]


def test_the_place_of_a_recognition_is_rebuilt(catalog, tmp_path):
    named = known_photo(tmp_path / "a.jpg", answer("machu_picchu", 0.9))
    unknown = known_photo(tmp_path / "b.jpg", answer("machu_picchu", 0.2, verdict="unknown"))
    own = known_photo(tmp_path / "c.jpg", answer("machu_picchu", 0.9), own_location=HERE)
    catalog.put([named, unknown, own])
    a, b, c = (photo.recognition for photo in catalog.photos())
    assert a.location == a.predictions[0].landmark.location
    assert b.location is None
    assert c.location == HERE


def test_local_times_and_times_with_an_offset_stay_what_they_are(catalog, tmp_path):
    times = [datetime(2024, 3, 1, 12), datetime(2024, 3, 1, 12, tzinfo=UTC), None]  # noqa: DTZ001
    names = ("a.jpg", "b.jpg", "c.jpg")
    for name, taken_at in zip(names, times, strict=True):
        catalog.put([replace(known_photo(tmp_path / name), taken_at=taken_at)])
    assert [photo.taken_at for photo in catalog.photos()] == times


def test_an_answer_outlives_its_bundle_and_the_process(tmp_path):
    path = tmp_path / "catalog.sqlite"
    photo = known_photo(tmp_path / "a.jpg", answer("machu_picchu", 0.9, bundle="mine@7"))
    with Catalog(path) as first:
        first.put([photo])
    with Catalog(path) as second:
        assert second.get(photo.path) == photo
        assert second.get(photo.path).recognition.bundle == "mine@7"


def test_names_that_are_no_text_survive(catalog, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9 \xff\n.jpg")
    catalog.put([known_photo(path)])
    (photo,) = catalog.photos()
    assert os.fsencode(photo.path) == os.fsencode(path)
    assert catalog.get(path) == photo


def test_names_that_differ_in_case_are_two_photos(catalog, tmp_path):
    catalog.put([known_photo(tmp_path / "IMG.JPG"), known_photo(tmp_path / "img.jpg")])
    assert [photo.path.name for photo in catalog.photos()] == ["IMG.JPG", "img.jpg"]


def test_photos_come_by_path_and_only_those_asked_for(catalog, tmp_path):
    names = ["b/2.jpg", "a/1.jpg", "a.jpg", "a-b/3.jpg", "a/c/4.jpg", "ab/5.jpg"]
    catalog.put([known_photo(tmp_path / name) for name in names])

    def under(*roots: str) -> list[str]:
        found = catalog.photos([tmp_path / root for root in roots])
        return [str(photo.path.relative_to(tmp_path)) for photo in found]

    assert under(".") == sorted(names, key=os.fsencode)
    assert under("a") == ["a/1.jpg", "a/c/4.jpg"]
    assert under("a.jpg") == ["a.jpg"]
    assert under("a/c", "a", "b") == ["a/1.jpg", "a/c/4.jpg", "b/2.jpg"]
    assert under("nothing") == []
    assert catalog.count([tmp_path / "a", tmp_path / "a.jpg"]) == 3
    assert catalog.count() == len(names)


def test_a_relative_path_means_the_file_it_names(catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog.put([known_photo(Path("a.jpg"))])
    assert catalog.get("a.jpg").path == tmp_path / "a.jpg"
    assert [photo.path.name for photo in catalog.photos(["."])] == ["a.jpg"]


def test_a_catalog_can_be_changed_while_it_is_gone_through(catalog, tmp_path):
    count = PAGE + 5
    catalog.put([known_photo(tmp_path / f"{number:05}.jpg") for number in range(count)])
    seen = 0
    for photo in catalog.photos([tmp_path]):
        catalog.mark_written([photo.path], "2026-11-01T10:00:00+00:00")
        seen += 1
    assert seen == count
    assert all(photo.written_at for photo in catalog.photos())


def test_what_was_written_stays_when_a_photo_is_read_again(catalog, tmp_path):
    photo = known_photo(tmp_path / "a.jpg")
    catalog.put([photo])
    catalog.mark_written([photo.path], "2026-11-01T10:00:00+00:00")
    catalog.put([replace(photo, size=photo.size + 1)])
    assert catalog.get(photo.path).written_at == "2026-11-01T10:00:00+00:00"
    assert catalog.get(photo.path).size == photo.size + 1


def test_nothing_of_a_transaction_that_failed_stays(catalog, tmp_path):
    def failing():
        yield known_photo(tmp_path / "a.jpg", answer("machu_picchu", 0.9, bundle="new@1"))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        catalog.put(failing())
    assert list(catalog.photos()) == []
    photo = known_photo(tmp_path / "b.jpg", answer("machu_picchu", 0.9, bundle="new@1"))
    catalog.put([photo])  # numbers of landmarks and bundles that went are not used
    assert catalog.get(photo.path) == photo


def test_the_default_catalog_is_in_the_home_and_nobody_else_reads_it(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERESHOT_HOME", str(tmp_path / "home"))
    with Catalog() as catalog:
        assert catalog.path == tmp_path / "home" / "catalog.sqlite"
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_two_processes_share_a_catalog(tmp_path):
    with Catalog(tmp_path / "c.sqlite") as one, Catalog(tmp_path / "c.sqlite") as other:
        one.put([known_photo(tmp_path / "a.jpg")])
        other.put([known_photo(tmp_path / "b.jpg")])
        assert len(list(one.photos())) == len(list(other.photos())) == 2


def test_another_programs_database_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "digikam4.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE Images (id INTEGER)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="another program"):
        Catalog(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["digikam4.db"]


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff not a database" * 100)
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="Move it away"):
        Catalog(path)
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_the_catalog_is_an_error_that_says_so(tmp_path):
    (tmp_path / "catalog.sqlite").mkdir()
    with pytest.raises(CatalogError, match="can't be opened"):
        Catalog(tmp_path / "catalog.sqlite")


def test_an_answer_without_any_landmark_is_kept(catalog, tmp_path):
    photo = known_photo(tmp_path / "a.jpg", Recognition("unknown", (), None, "none@1"))
    catalog.put([photo])
    assert catalog.get(photo.path) == photo
