"""Organizing that ends at any step: nothing is lost, the next run goes on, undo takes all back."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from library_photos import catalog_photo
from plug import Blackout, How, Machine, quick_folder, tree_of

from whereshot.errors import JournalError
from whereshot.library.files import RealFiles
from whereshot.library.journal import Journal
from whereshot.library.organize import Mode, apply_plan, plan_organize
from whereshot.library.places import PlaceFinder
from whereshot.library.shelf import RealDisk
from whereshot.library.template import parse_template
from whereshot.library.undo import undo

OLD = 1_600_000_000_987_654_321  # ns
AGRA = (27.175, 78.042)
# A pair with a sidecar, and another photo of the same name that goes to the same folder.
NAMES = ("a/1.jpg", "a/1.CR2", "a/1.xmp", "b/1.jpg")
FILES = RealFiles()
FINDER = PlaceFinder()


@contextmanager
def library() -> Generator[tuple[Path, Path]]:
    """The folder of the source and of the destination, and the journal's."""
    with quick_folder() as folder:
        base = Path(folder) / "photos"
        for name in NAMES:
            path = base / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"what is in {name}".encode())
            path.chmod(0o640)
            os.utime(path, ns=(OLD, OLD))
        (base / "out").mkdir()
        yield base, Path(folder) / "home" / "journal.sqlite"


def organize(base: Path, journal_path: Path, mode: Mode) -> None:
    """Plan by what is there now, and carry it out."""
    photos = [
        catalog_photo(path, gps=AGRA, taken="2024-03-01T09:00:00")
        for name in NAMES
        if (path := base / "in" / name).exists() and not name.endswith(".xmp")
    ]
    template = parse_template("{country}/{city}")
    disk = RealDisk(FILES.same_content)
    places = FINDER.places(photos)
    plan = plan_organize(photos, places, template, base / "in", base / "out", disk, mode=mode)
    with Journal(journal_path) as journal, journal.begin("organize", FILES) as run:
        apply_plan(plan, run)


def contents(base: Path) -> list[bytes]:
    """The contents of whole files, each once."""
    return sorted(
        {
            path.read_bytes()
            for path in base.rglob("*")
            if path.is_file() and not path.name.startswith(".whereshot-")
        }
    )


def take_back_all(journal_path: Path) -> None:
    with Journal(journal_path) as journal:
        with journal.begin("tidy up", FILES):
            pass
        for record in reversed(journal.runs()):
            assert undo(journal, record.id, FILES).refused == []


def steps_of(mode: Mode) -> int:
    with library() as (base, journal_path), Machine().running() as machine:
        organize(base, journal_path, mode)
    return machine.count


@pytest.mark.parametrize("how", ["error", "end"])
@pytest.mark.parametrize("mode", ["copy", "link", "move"])
def test_organize_that_ends_at_each_step_loses_nothing_and_goes_on(mode: Mode, how: How) -> None:
    steps = steps_of(mode)
    assert steps > 20
    for stop_at in range(steps):
        with library() as (base, journal_path):
            before, whole = tree_of(base), contents(base)
            with Machine(stop_at, how).running() as machine, suppress(Blackout, JournalError):
                organize(base, journal_path, mode)
            assert machine.stopped, stop_at
            assert contents(base) == whole, stop_at
            organize(base, journal_path, mode)
            assert not [name for name in tree_of(base) if ".whereshot-" in name], stop_at
            assert contents(base) == whole, stop_at
            # A sidecar whose photo was moved just before stays where it was: undo brings both back.
            there = contents(base / "out") + ([] if mode != "move" else contents(base / "in"))
            assert sorted(there) == whole, stop_at
            assert not [*(base / "in").rglob("*.jpg")] or mode != "move", stop_at
            take_back_all(journal_path)
            assert tree_of(base) == before, stop_at
