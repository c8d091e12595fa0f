from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from catalog_rows import answer, known_photo
from colors import ColorRecognizer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from plug import quick_folder

from whereshot.library.catalog import Catalog
from whereshot.library.census import take_census
from whereshot.library.index import IndexSummary, index_library
from whereshot.library.paths import to_path
from whereshot.library.scan import Scan

BUNDLE = "tiny@1"


@pytest.fixture
def catalog(tmp_path):
    with Catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


def pending(catalog: Catalog) -> list[str]:
    rows = catalog.rows("path", None, "pending AND NOT missing")
    return [to_path(row[0]).name for row in rows]


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"photo")
    os.utime(path, ns=(5, 5))
    return path


def known(path: Path):
    return known_photo(path, answer("machu_picchu", bundle=BUNDLE), size=5, mtime_ns=5)


def test_only_what_is_new_or_changed_is_left_to_do(catalog, tmp_path):
    root = tmp_path / "library"
    for name in ("a/old.jpg", "a/edited.jpg", "a/new.jpg", "b/new.jpg"):
        touched(root / name)
    catalog.put(known(root / "a" / name) for name in ("old.jpg", "edited.jpg", "gone.jpg"))
    (root / "a" / "edited.jpg").write_bytes(b"something else")
    census = take_census(catalog, Scan([root]), BUNDLE)
    assert (census.found, census.settled, census.missing) == (4, 1, 1)
    assert pending(catalog) == ["edited.jpg", "new.jpg", "new.jpg"]
    assert catalog.get(root / "a" / "gone.jpg") is None


def test_a_census_of_what_is_as_it_was_writes_nothing(catalog, tmp_path):
    root = tmp_path / "library"
    catalog.put([known(touched(root / f"{number}.jpg")) for number in range(50)])
    take_census(catalog, Scan([root]), BUNDLE)
    before = catalog.connection.total_changes
    census = take_census(catalog, Scan([root]), BUNDLE)
    assert census.settled == 50
    assert catalog.connection.total_changes == before


def test_an_edit_that_was_taken_back_needs_nothing(catalog, tmp_path):
    path = touched(tmp_path / "library" / "a.jpg")
    catalog.put([known(path)])
    path.write_bytes(b"edited")
    take_census(catalog, Scan([path.parent]), BUNDLE)
    assert pending(catalog) == ["a.jpg"]
    touched(path)
    assert take_census(catalog, Scan([path.parent]), BUNDLE).settled == 1
    assert pending(catalog) == []
    assert catalog.get(path) == known(path)


def test_photos_in_a_folder_that_could_not_be_read_are_not_missing(catalog, tmp_path, monkeypatch):
    root = tmp_path / "library"
    catalog.put([known(touched(root / name)) for name in ("a/1.jpg", "b/2.jpg", "c/3.jpg")])
    shutil.rmtree(root / "c")
    scandir = os.scandir

    def broken(folder):
        if folder.endswith(b"/b"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", broken)
    census = take_census(catalog, Scan([root]), BUNDLE)
    assert (census.found, census.missing) == (1, 1)
    assert [photo.path.name for photo in catalog.photos()] == ["1.jpg", "2.jpg"]


def test_roots_whose_names_begin_alike_are_kept_apart(catalog, tmp_path):
    photos = [touched(tmp_path / name) for name in ("a.jpg", "a/1.jpg", "a-b/2.jpg", "ab/3.jpg")]
    catalog.put(map(known, photos))
    for roots in ([tmp_path / "a"], [tmp_path / "a", tmp_path / "a-b"], photos[:1]):
        census = take_census(catalog, Scan(roots), BUNDLE)
        assert census.settled == census.found == len(list(catalog.photos(roots)))
        assert census.missing == 0
    assert len(list(catalog.photos())) == 4


def test_a_photo_in_the_place_of_a_folder_and_back(catalog, tmp_path):
    root = tmp_path / "x.jpg"
    catalog.put([known(touched(root / "1.jpg"))])
    shutil.rmtree(root)
    touched(root)
    take_census(catalog, Scan([root]), BUNDLE)
    assert pending(catalog) == ["x.jpg"]
    root.unlink()
    touched(root / "1.jpg")
    census = take_census(catalog, Scan([root]), BUNDLE)
    assert (census.settled, census.missing) == (1, 1)


# Random libraries: names that sort oddly, contents of every fate, and whatever people do to them.


def encoded(color: tuple[int, int, int], side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, 4), color).save(buffer, "BMP")
    return buffer.getvalue()


CONTENTS = (
    encoded((220, 30, 30), 4),
    encoded((30, 220, 30), 5),
    encoded((30, 220, 30), 6),
    encoded((30, 30, 220), 6),  # as many bytes as the one before
    encoded((128, 128, 128), 7),
    b"not a photo",
    b"",
)
FOLDERS = ("", "a/", "a-b/", "a/b/", "A/", "b.bmp/", "\udce9/", ".hidden/")
NAMES = ("1.bmp", "2.BMP", "a.bmp", "é.bmp", "\udcff.bmp", "video.mp4", "notes.txt")

paths = st.builds(
    lambda folder, name: folder + name, st.sampled_from(FOLDERS), st.sampled_from(NAMES)
)
writes = st.tuples(st.just("write"), paths, st.sampled_from(range(len(CONTENTS))))
deletes = st.tuples(st.just("delete"), paths)
moves = st.tuples(st.just("move"), paths, paths)
touches = st.tuples(st.just("touch"), paths)
folder_moves = st.tuples(st.just("move folder"), st.sampled_from(FOLDERS[1:]), st.just("moved/"))
runs = st.just(("run",))
steps = st.lists(
    st.one_of(writes, writes, deletes, moves, touches, folder_moves, runs), max_size=25
)


class Disk:
    """A library that is changed step by step; each change has a time of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._clock = 0
        root.mkdir()

    def write(self, name: str, content: int) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENTS[content])
        self.touch(name)

    def touch(self, name: str) -> None:
        self._clock += 1
        if (self.root / name).is_file():
            os.utime(self.root / name, ns=(self._clock, self._clock))

    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def move(self, name: str, to: str) -> None:
        if (self.root / name).is_file():
            (self.root / to).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).replace(self.root / to)

    def move_folder(self, name: str, to: str) -> None:
        if (self.root / name).is_dir() and not (self.root / to).exists():
            (self.root / name).rename(self.root / to)

    def do(self, step: tuple) -> None:
        getattr(self, step[0].replace(" ", "_"))(*step[1:])


def adds_up(summary: IndexSummary) -> bool:
    parts = (summary.settled, summary.recognized, summary.of_same_content)
    return summary.found == sum(parts) + summary.near_duplicates + summary.failed + summary.gone


@settings(max_examples=100, deadline=None)
@given(steps)
def test_after_any_changes_a_catalog_equals_a_fresh_one(changes):
    with quick_folder() as folder:
        disk = Disk(Path(folder) / "library")
        with (
            Catalog(Path(folder) / "old.sqlite") as old,
            Catalog(Path(folder) / "new.sqlite") as new,
        ):
            for step in [*changes, ("run",)]:
                if step == ("run",):
                    assert adds_up(index_library(old, [disk.root], ColorRecognizer()))
                else:
                    disk.do(step)
            assert adds_up(index_library(new, [disk.root], ColorRecognizer()))
            assert list(old.photos()) == list(new.photos())
            again = index_library(old, [disk.root], ColorRecognizer())
            assert again.settled == again.found == len(list(old.photos()))


@settings(max_examples=50, deadline=None)
@given(steps, st.lists(moves, max_size=8))
@example([("write", "b.bmp/1.bmp", 5)], [("move", "b.bmp/1.bmp", "1.bmp")])
def test_moving_alone_asks_the_network_nothing(changes, moved):
    with quick_folder() as folder:
        disk = Disk(Path(folder) / "library")
        for step in changes:
            if step != ("run",):
                disk.do(step)
        with Catalog(Path(folder) / "catalog.sqlite") as catalog:
            index_library(catalog, [disk.root], ColorRecognizer())
            known_contents = {photo.content_hash for photo in catalog.photos()}
            for step in moved:
                disk.do(step)
            recognizer = ColorRecognizer()
            index_library(catalog, [disk.root], recognizer)
            found = list(catalog.photos())
        # What comes out of a hidden folder, or loses the suffix of a video, was not there before;
        # and what could not be read is tried again wherever it turns up.
        new = sum(photo.content_hash not in known_contents for photo in found)
        assert recognizer.asked <= new + sum(photo.error is not None for photo in found)
