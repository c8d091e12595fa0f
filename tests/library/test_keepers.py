"""XMP inside of photos: the run is stopped at every step, and the photo that was is never lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from catalog_rows import answer, known_photo
from plug import Blackout, How, Machine, quick_folder, tree_of
from sidecars import packet

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.dry import DryFiles
from whereshot.library.exiftool import ExifTool
from whereshot.library.files import TEMPORARY, RealFiles
from whereshot.library.journal import Journal
from whereshot.library.keepers import InPhotos
from whereshot.library.tag_run import apply_tags
from whereshot.library.tagging import TagOptions, TagStep, plan_tags
from whereshot.library.undo import undo

OPTIONS = TagOptions("2026-11-26T18:00:00+00:00")
OLD = 1_600_000_000_987_654_321  # ns
PICTURE = b"a photo"


class AppendTool(ExifTool):
    """Does to made-up photos what exiftool does to real ones: their XMP is behind the picture."""

    def __init__(self) -> None:
        pass

    def read_xmp(self, photo: Path) -> bytes | None:
        return photo.read_bytes().removeprefix(PICTURE) or None

    def write_copy(self, photo: Path, xmp: bytes | None, target: Path) -> None:
        target.write_bytes(PICTURE + (xmp or b""))
        shutil.copystat(photo, target)


@contextmanager
def a_photo() -> Generator[tuple[Path, Path]]:
    """A photo in a folder of its own, and a journal elsewhere."""
    with quick_folder() as folder:
        path = Path(folder) / "photos" / "a.jpg"
        path.parent.mkdir()
        path.write_bytes(PICTURE)
        os.utime(path, ns=(OLD, OLD))
        yield path, Path(folder) / "home" / "journal.sqlite"


def looked_at(path: Path) -> CatalogPhoto:
    status = path.stat()
    return known_photo(
        path, answer("machu_picchu"), size=status.st_size, mtime_ns=status.st_mtime_ns
    )


def run_in_place(path: Path, home: Path, *, dry: bool = False) -> TagStep:
    files = DryFiles() if dry else RealFiles()
    keeper = InPhotos(files, AppendTool(), dry=dry)
    with Journal(home) as journal, journal.begin("tag", files) as run:
        [step] = apply_tags(plan_tags([looked_at(path)], keeper.read, OPTIONS), keeper, run, {})
    return step


def take_back_all(home: Path) -> None:
    with Journal(home) as journal:
        for record in reversed(journal.runs()):
            assert undo(journal, record.id, RealFiles()).refused == []


def steps_of_a_run() -> int:
    with a_photo() as (path, home), Machine().running() as machine:
        run_in_place(path, home)
    return machine.count


@pytest.mark.parametrize("how", ["error", "end"])
@pytest.mark.parametrize("stop_at", range(steps_of_a_run()))
def test_in_place_that_ends_at_each_step_keeps_the_photo_and_is_taken_back(
    stop_at: int, how: How
) -> None:
    with a_photo() as (path, home):
        folder = path.parent
        before = tree_of(folder)
        with Machine(stop_at, how).running() as machine, suppress(Blackout, OSError):
            run_in_place(path, home)
        assert machine.stopped
        assert PICTURE in [each.read_bytes() for each in folder.iterdir()], "the photo is lost"
        assert not list(folder.glob(f"{TEMPORARY}*.jpg")) or how == "end"
        run_in_place(path, home)
        assert path.read_bytes().startswith(PICTURE + b"<")
        take_back_all(home)
        assert tree_of(folder) == before


@pytest.mark.parametrize("dry", [False, True])
def test_a_write_protected_photo_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, dry: bool) -> None:
    with a_photo() as (path, home):
        before = tree_of(path.parent)
        allowed = os.access
        monkeypatch.setattr(  # root may write everything
            "os.access", lambda at, mode: at != path and allowed(at, mode)
        )
        step = run_in_place(path, home, dry=dry)
        assert (step.outcome, step.reason) == ("failed", "it is write-protected")
        assert tree_of(path.parent) == before


def test_a_place_in_the_sidecar_keeps_the_photo_from_another() -> None:
    with a_photo() as (path, home):
        beside = path.with_name("a.jpg.xmp")
        beside.write_bytes(packet("<photoshop:City>Cuzco</photoshop:City>"))
        step = run_in_place(path, home)
        assert step.reason == "it has a place that somebody gave it"
        assert path.read_bytes() == PICTURE
