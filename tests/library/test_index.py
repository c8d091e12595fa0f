from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import colors
import pytest
from colors import ColorRecognizer

import whereshot
from whereshot.errors import BundleNotFoundError, CatalogError, PhotoAccessError
from whereshot.library.catalog import Catalog
from whereshot.library.index import IndexSummary, RecognizerFactory, index_library

SUPPORT = Path(colors.__file__).parent


@pytest.fixture
def catalog(tmp_path):
    with Catalog(tmp_path / "home" / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def library(tmp_path, paint):
    """Three folders of two photos each, all of different content."""
    root = tmp_path / "library"
    for number, color in enumerate(("red", "green", "blue", "grey", "red", "green")):
        paint(root / "abc"[number // 2] / f"{number}.png", color, size=(64 + number, 48))
    return root


def adds_up(summary: IndexSummary) -> bool:
    parts = (summary.settled, summary.recognized, summary.of_same_content)
    return summary.found == sum(parts) + summary.near_duplicates + summary.failed + summary.gone


def counts(summary: IndexSummary) -> dict[str, int]:
    """Whatever is not zero."""
    assert adds_up(summary)
    names = "found settled recognized of_same_content near_duplicates failed gone missing videos"
    return {name: value for name in names.split() if (value := getattr(summary, name))}


def answers(catalog: Catalog) -> dict[str, str | None]:
    return {
        photo.path.name: photo.recognition and photo.recognition.predictions[0].landmark.id
        for photo in catalog.photos()
    }


def test_every_photo_is_recognized_once(catalog, library):
    recognizer = ColorRecognizer()
    first = index_library(catalog, [library], recognizer)
    assert counts(first) == {"found": 6, "recognized": 6}
    assert answers(catalog)["0.png"] == "red_rock"
    assert answers(catalog)["5.png"] == "green_hill"
    second = index_library(catalog, [library], recognizer)
    assert counts(second) == {"found": 6, "settled": 6}
    assert recognizer.asked == 6


def test_what_is_as_it_was_is_not_opened(catalog, library, monkeypatch):
    index_library(catalog, [library], ColorRecognizer())
    monkeypatch.setattr("whereshot.library.reading.read_photo", None)  # calling it would fail
    assert counts(index_library(catalog, [library], ColorRecognizer()))["settled"] == 6


def test_an_edited_photo_is_read_again(catalog, library, paint):
    recognizer = ColorRecognizer()
    index_library(catalog, [library], recognizer)
    paint(library / "a" / "0.png", "blue")
    assert counts(index_library(catalog, [library], recognizer)) == {
        "found": 6,
        "settled": 5,
        "recognized": 1,
    }
    assert answers(catalog)["0.png"] == "blue_lake"


def test_a_photo_with_another_date_and_the_same_content_is_only_read(catalog, library):
    recognizer = ColorRecognizer()
    index_library(catalog, [library], recognizer)
    os.utime(library / "a" / "0.png", ns=(1, 1))
    summary = index_library(catalog, [library], recognizer)
    assert counts(summary) == {"found": 6, "settled": 5, "of_same_content": 1}
    assert catalog.get(library / "a" / "0.png").mtime_ns == 1


def test_moved_renamed_and_swapped_photos_are_not_recognized_again(catalog, library):
    recognizer = ColorRecognizer()
    index_library(catalog, [library], recognizer)
    (library / "a").rename(library / "z")
    (library / "b" / "2.png").rename(library / "b" / "two.png")
    (library / "c" / "4.png").rename(library / "c" / "x")
    (library / "c" / "5.png").rename(library / "c" / "4.png")
    (library / "c" / "x").rename(library / "c" / "5.png")
    summary = index_library(catalog, [library], recognizer)
    assert counts(summary) == {"found": 6, "settled": 1, "of_same_content": 5, "missing": 3}
    assert recognizer.asked == 6
    assert answers(catalog) == {
        "two.png": "blue_lake",
        "3.png": "red_rock",  # grey: three equal chances, in the order of the set
        "4.png": "green_hill",
        "5.png": "red_rock",
        "0.png": "red_rock",
        "1.png": "green_hill",
    }


def test_rows_of_moved_photos_go_and_those_of_absent_disks_stay(catalog, library, tmp_path):
    recognizer = ColorRecognizer()
    index_library(catalog, [library], recognizer)
    (library / "a").rename(library / "z")
    (library / "b").rename(tmp_path / "away")
    index_library(catalog, [library], recognizer)
    assert len(list(catalog.photos())) == 4
    assert catalog.count_rows(None, "missing") == 2
    (tmp_path / "away").rename(library / "b")
    summary = index_library(catalog, [library], recognizer)
    assert counts(summary) == {"found": 6, "settled": 6}, "not even read"


def test_a_root_that_is_not_there_keeps_its_photos(catalog, library, tmp_path):
    index_library(catalog, [library], ColorRecognizer())
    library.rename(tmp_path / "unplugged")
    summary = index_library(catalog, [library], ColorRecognizer())
    assert counts(summary) == {}
    assert [problem.path for problem in summary.problems] == [library]
    assert len(list(catalog.photos())) == 6


def test_photos_of_other_folders_are_left_alone(catalog, library, paint, tmp_path):
    index_library(catalog, [library], ColorRecognizer())
    shutil.rmtree(library / "a")
    paint(tmp_path / "other" / "x.png")
    index_library(catalog, [tmp_path / "other"], ColorRecognizer())
    assert len(list(catalog.photos())) == 7


def test_another_bundle_recognizes_again_what_can_be_read(catalog, library):
    (library / "a" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    index_library(catalog, [library], ColorRecognizer())
    other = ColorRecognizer("colors@2")
    summary = index_library(catalog, [library], other)
    assert counts(summary) == {"found": 7, "settled": 1, "recognized": 6}
    photos = list(catalog.photos())
    assert {photo.recognition.bundle for photo in photos if photo.recognition} == {"colors@2"}
    assert counts(index_library(catalog, [library], other))["settled"] == 7


def test_photos_that_can_not_be_read_are_rows_with_a_reason(catalog, library):
    (library / "a" / "empty.jpg").touch()
    (library / "b" / "text.jpg").write_text("not a photo")
    summary = index_library(catalog, [library], ColorRecognizer())
    assert counts(summary) == {"found": 8, "recognized": 6, "failed": 2}
    errors = {photo.path.name: photo.error for photo in catalog.photos() if photo.error}
    assert errors.keys() == {"empty.jpg", "text.jpg"}
    assert "is empty" in errors["empty.jpg"]
    again = index_library(catalog, [library], ColorRecognizer())
    assert counts(again) == {"found": 8, "settled": 8}, "they would fail again"


def test_another_reader_tries_again_what_failed(catalog, library, monkeypatch):
    (library / "a" / "empty.jpg").touch()
    index_library(catalog, [library], ColorRecognizer())
    for module in ("index", "census"):
        monkeypatch.setattr(f"whereshot.library.{module}.reader_version", lambda: "2")
    assert counts(index_library(catalog, [library], ColorRecognizer()))["failed"] == 1
    assert counts(index_library(catalog, [library], ColorRecognizer()))["settled"] == 7


def test_a_disk_that_fails_is_tried_again_the_next_time(catalog, library, monkeypatch):
    def failing(path, *_):
        raise PhotoAccessError(f"The photo {str(path)!r} can't be read: I/O error.")

    with monkeypatch.context() as patch:
        patch.setattr("whereshot.library.reading.read_photo", failing)
        summary = index_library(catalog, [library], ColorRecognizer())
    assert counts(summary) == {"found": 6, "failed": 6}
    assert counts(index_library(catalog, [library], ColorRecognizer()))["recognized"] == 6
    assert not any(photo.error for photo in catalog.photos())


def test_a_photo_that_goes_while_the_run_is_on_is_counted(catalog, library, monkeypatch):
    class Deleting(ColorRecognizer):
        def recognize(self, photo, *, k=5):
            (library / "c" / "5.png").unlink(missing_ok=True)
            return super().recognize(photo, k=k)

    summary = index_library(catalog, [library], Deleting())
    assert counts(summary) == {"found": 6, "recognized": 5, "gone": 1}
    assert len(list(catalog.photos())) == 5


def test_copies_within_the_library_take_one_answer_in_the_next_run(catalog, library):
    recognizer = ColorRecognizer()
    index_library(catalog, [library], recognizer)
    shutil.copytree(library / "a", library / "copies")
    assert counts(index_library(catalog, [library], recognizer))["of_same_content"] == 2
    assert recognizer.asked == 6


def test_changed_photos_have_no_answer_until_they_are_read(catalog, library, paint, monkeypatch):
    index_library(catalog, [library], ColorRecognizer())
    paint(library / "a" / "0.png", "blue")

    class Interrupted(ColorRecognizer):
        def recognize(self, photo, *, k=5):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_library(catalog, [library], Interrupted())
    assert catalog.get(library / "a" / "0.png").recognition is None
    assert catalog.get(library / "a" / "1.png").recognition is not None


def test_what_was_written_beside_a_photo_is_remembered(catalog, library):
    index_library(catalog, [library], ColorRecognizer())
    catalog.mark_written([library / "a" / "0.png"], "2026-11-01T10:00:00+00:00")
    os.utime(library / "a" / "0.png", ns=(1, 1))
    index_library(catalog, [library], ColorRecognizer("colors@2"))
    assert catalog.get(library / "a" / "0.png").written_at == "2026-11-01T10:00:00+00:00"


def test_progress_is_told(catalog, library):
    told = []
    index_library(catalog, [library], ColorRecognizer(), report=lambda *each: told.append(each))
    assert told[:2] == [("scan", 6, 0, {}), ("recognize", 0, 6, {})]
    stage, done, total, figures = told[-1]
    assert (stage, done, total) == ("recognize", 6, 6)
    assert figures.keys() == {"rate", "seconds_left"}
    assert figures["seconds_left"] == 0


def test_processes_find_what_one_process_finds(catalog, library, tiny_bundle, tmp_path):
    (library / "a" / "broken.jpg").write_bytes(b"nothing")
    tiny = RecognizerFactory("tiny@1", partial(whereshot.load, tiny_bundle))
    summary = index_library(catalog, [library], tiny, workers=2)
    assert counts(summary) == {"found": 7, "recognized": 6, "failed": 1}
    with Catalog(tmp_path / "one.sqlite") as one:
        index_library(one, [library], whereshot.load(tiny_bundle))
        assert list(one.photos()) == list(catalog.photos())


def test_a_recognizer_of_another_name_than_announced_is_refused(catalog, library, tiny_bundle):
    wrong = RecognizerFactory("tiny@2", partial(whereshot.load, tiny_bundle))
    with pytest.raises(ValueError, match="calls itself 'tiny@1'"):
        index_library(catalog, [library], wrong, workers=1)


def test_a_bundle_that_can_not_be_loaded_ends_the_run_with_its_reason(catalog, library, tmp_path):
    missing = RecognizerFactory("no@1", partial(whereshot.load, tmp_path / "no"))
    with pytest.raises(BundleNotFoundError):
        index_library(catalog, [library], missing, workers=1)
    assert len(list(catalog.photos())) == 6


def test_a_full_disk_is_an_error_that_says_so_and_the_next_run_goes_on(catalog, library):
    (pages,) = catalog.read("PRAGMA page_count")[0]
    catalog.connection.execute(f"PRAGMA max_page_count = {pages}")
    recognizer = ColorRecognizer()
    for number in range(300):
        shutil.copy(library / "a" / "0.png", library / f"{number:04}{'x' * 200}.png")
    with pytest.raises(CatalogError, match="disk is full"):
        index_library(catalog, [library], recognizer)
    catalog.connection.execute("PRAGMA max_page_count = 1000000")
    assert adds_up(index_library(catalog, [library], recognizer))
    assert all(photo.recognition for photo in catalog.photos())


SCRIPT = """
import sys
from pathlib import Path
from functools import partial
from colors import ColorRecognizer, SlowColors
from whereshot.library.catalog import Catalog
from whereshot.library.index import RecognizerFactory, index_library

if __name__ == "__main__":
    home, library, marks = map(Path, sys.argv[1:])
    with Catalog(home) as catalog:
        slow = RecognizerFactory("colors@1", partial(SlowColors, marks))
        try:
            index_library(catalog, [library], slow, workers=2)
        except KeyboardInterrupt:
            sys.exit(130)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_anywhere_goes_on_where_it_was(tmp_path, paint, how, ctrl_c):
    library, marks = tmp_path / "library", tmp_path / "marks"
    for number in range(120):
        paint(library / f"{number:03}.png", "red", size=(8 + number, 8))
    (tmp_path / "run.py").write_text(SCRIPT)
    home = tmp_path / "catalog.sqlite"
    process = subprocess.Popen(
        [sys.executable, tmp_path / "run.py", home, library, marks],
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 300
    while not marks.exists() or len(marks.read_text().splitlines()) < 60:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    _, stderr = process.communicate(timeout=30)
    assert stderr == b""
    assert process.returncode == (130 if how == signal.SIGINT else -how)
    time.sleep(0.3)  # the processes of a killed one end with the photo in hand
    asked = len(marks.read_text().splitlines())
    assert asked < 120

    recognizer = ColorRecognizer()
    with Catalog(home) as catalog:
        before = sum(photo.recognition is not None for photo in catalog.photos())
        summary = index_library(catalog, [library], recognizer)
        photos = list(catalog.photos())
    assert before > 0
    assert counts(summary) == {"found": 120, "settled": before, "recognized": 120 - before}
    assert len(photos) == 120
    assert all(photo.recognition and not photo.error for photo in photos)
    with Catalog(tmp_path / "fresh.sqlite") as fresh:
        index_library(fresh, [library], ColorRecognizer())
        assert [replace(photo, written_at=None) for photo in photos] == list(fresh.photos())


def test_no_question_to_the_catalog_goes_through_all_photos(catalog, library):
    """With ten million rows a question that looks at each of them takes minutes."""
    asked: set[str] = set()
    catalog.connection.set_trace_callback(asked.add)
    recognizer = ColorRecognizer()
    index_library(catalog, [library], recognizer)
    (library / "a").rename(library / "z")
    index_library(catalog, [library], recognizer)
    list(catalog.photos([library]))
    catalog.get(library / "z" / "0.png")
    catalog.count([library])
    catalog.connection.set_trace_callback(None)
    questions = [each for each in asked if each.split()[0] in ("SELECT", "UPDATE", "DELETE")]
    assert len(questions) > 10
    for question in questions:
        for row in catalog.read(f"EXPLAIN QUERY PLAN {question}"):
            step = row[3]
            # The index of missing photos holds nothing but those.
            assert not step.startswith("SCAN photos") or "photos_missing" in step, question
