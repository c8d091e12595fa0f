"""Whole libraries are tagged and taken back: over generated ones, and stopped at every step."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from catalog_rows import answer, known_photo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plug import Blackout, How, Machine, quick_folder, tree_of
from sidecars import bag, packet

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.files import RealFiles
from whereshot.library.journal import Journal
from whereshot.library.keepers import Sidecars
from whereshot.library.purge import apply_purge, plan_purge
from whereshot.library.tag_run import apply_tags, unwritable_folders
from whereshot.library.tagging import TagOptions, TagStep, plan_tags
from whereshot.library.undo import undo
from whereshot.photo.sidecar import parse_sidecar
from whereshot.records import Location

OPTIONS = TagOptions("2026-11-26T18:00:00+00:00")
OLD = 1_600_000_000_987_654_321  # ns
SIDECARS: dict[str, bytes | None] = {
    "none": None,
    "keywords": packet(bag("dc:subject", "holiday"), bag("lr:hierarchicalSubject", "Me|Home")),
    "place": packet("<photoshop:City>Cuzco</photoshop:City>"),
    "broken": b"<x:xmpmeta",
    "empty": b"",
}


@dataclass(frozen=True)
class Made:
    """A photo of a generated library."""

    name: str
    landmark: str  # empty: unknown
    sidecar: str
    short_name: bool  # IMG_1.xmp and not IMG_1.jpg.xmp
    mode: int
    far: bool

    def put(self, root: Path) -> CatalogPhoto:
        path = root / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a photo")
        content = SIDECARS[self.sidecar]
        if content is not None:
            beside = path.with_suffix(".xmp") if self.short_name else Path(f"{path}.xmp")
            beside.write_bytes(content)
            beside.chmod(self.mode)
            os.utime(beside, ns=(OLD, OLD))
        path.chmod(self.mode)
        os.utime(path, ns=(OLD, OLD))
        recognition = answer(
            self.landmark or "x", verdict="landmark" if self.landmark else "unknown"
        )
        own = Location(50.0, 10.0, 0.01, "exif") if self.far else None
        return known_photo(path, recognition, size=7, mtime_ns=OLD, own_location=own)


NAMES = ("a.jpg", "a.png", "a.CR2", "b.jpg", "trip/a.jpg", "trip/day 2/ü\udcff.jpg", "c.heic")
LIBRARIES = st.lists(
    st.builds(
        Made,
        st.sampled_from(NAMES),
        st.sampled_from(["machu_picchu", "huayna_picchu", ""]),
        st.sampled_from(sorted(SIDECARS)),
        st.booleans(),
        st.sampled_from([0o644, 0o600, 0o444]),
        st.integers(0, 9).map(lambda dice: dice == 0),
    ),
    max_size=5,
    unique_by=lambda made: made.name,
)
MANY = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextmanager
def generated(library: list[Made]) -> Generator[tuple[Path, Path, list[CatalogPhoto]]]:
    """The library's folder, its journal, and what the catalog says of its photos."""
    with quick_folder() as folder:
        root = Path(folder) / "photos"
        root.mkdir()
        photos = [made.put(root) for made in sorted(library, key=lambda made: made.name)]
        yield root, Path(folder) / "home" / "journal.sqlite", photos


def run_tags(photos: list[CatalogPhoto], home: Path) -> list[TagStep]:
    files = RealFiles()
    keeper = Sidecars(files)
    with Journal(home) as journal, journal.begin("tag", files) as run:
        steps = plan_tags(photos, keeper.read, OPTIONS)
        return list(apply_tags(steps, keeper, run, {}))


def take_back_all(home: Path) -> None:
    with Journal(home) as journal:
        with journal.begin("tidy up", RealFiles()):
            pass
        for record in reversed(journal.runs()):
            assert undo(journal, record.id, RealFiles()).refused == []


@MANY
@given(library=LIBRARIES)
def test_tag_then_undo_leaves_any_library_as_it_was(library: list[Made]) -> None:
    with generated(library) as (root, home, photos):
        before = tree_of(root)
        steps = run_tags(photos, home)
        after = tree_of(root)
        written = {step.path for step in steps if step.after is not None}
        changed = {root / name for name, entry in after.items() if before.get(name) != entry}
        assert changed == written
        assert all(path.suffix == ".xmp" for path in changed)
        take_back_all(home)
        assert tree_of(root) == before


@MANY
@given(library=LIBRARIES)
def test_tag_twice_writes_once(library: list[Made]) -> None:
    with generated(library) as (root, home, photos):
        run_tags(photos, home)
        once = tree_of(root)
        steps = run_tags(photos, home)
        assert {step.outcome for step in steps} <= {"skipped", "review", "failed"}
        assert tree_of(root) == once


@settings(MANY, max_examples=100)
@given(library=LIBRARIES)
def test_tag_then_purge_leaves_what_any_library_said(library: list[Made]) -> None:
    with generated(library) as (root, home, photos):
        before = {name: entry[:3] for name, entry in tree_of(root).items()}
        run_tags(photos, home)
        home.unlink()  # without what the journal knows
        tagged = tree_of(root)
        files = RealFiles()
        with Journal(home) as journal, journal.begin("purge", files) as run:
            steps = list(apply_purge(plan_purge([root], files), files, None, run, dry=False))
        assert {step.outcome for step in steps} <= {"removed", "cleaned"}
        assert {name: entry[:3] for name, entry in tree_of(root).items()} == before
        take_back_all(home)
        assert tree_of(root) == tagged


@MANY
@given(library=LIBRARIES, stop_at=st.integers(0, 120), how=st.sampled_from(["error", "end"]))
def test_tag_that_ends_anywhere_loses_nothing(library: list[Made], stop_at: int, how: How) -> None:
    with generated(library) as (root, home, photos):
        before = tree_of(root)
        with Machine(stop_at, how).running(), suppress(Blackout):
            run_tags(photos, home)
        assert_nothing_lost(before, root)
        run_tags(photos, home)  # the next run goes on
        assert not [name for name in tree_of(root) if ".whereshot-" in name]
        take_back_all(home)
        assert tree_of(root) == before


def assert_nothing_lost(before: dict[str, tuple[object, ...]], root: Path) -> None:
    """Each file is what it was, or a whole sidecar with what was in it."""
    now = tree_of(root)
    for name, entry in before.items():
        if now[name] == entry:
            continue
        assert name.endswith(".xmp")
        was, is_now = parse_sidecar(bytes(entry[1])), parse_sidecar(bytes(now[name][1]))  # type: ignore[call-overload]
        assert set(was.keywords) <= set(is_now.keywords)
        assert is_now.own is not None


EVERY_KIND = [
    Made("a.jpg", "machu_picchu", "none", short_name=False, mode=0o644, far=False),
    Made("b.jpg", "machu_picchu", "keywords", short_name=True, mode=0o600, far=False),
    Made("c.jpg", "huayna_picchu", "keywords", short_name=False, mode=0o640, far=False),
]


def steps_of_a_run() -> int:
    with generated(EVERY_KIND) as (_, home, photos), Machine().running() as machine:
        run_tags(photos, home)
    return machine.count


@pytest.mark.parametrize("how", ["error", "end"])
@pytest.mark.parametrize("stop_at", range(steps_of_a_run()))
def test_tag_that_ends_at_each_step_goes_on_and_is_taken_back(stop_at: int, how: How) -> None:
    with generated(EVERY_KIND) as (root, home, photos):
        before = tree_of(root)
        with Machine(stop_at, how).running() as machine, suppress(Blackout):
            run_tags(photos, home)
        assert machine.stopped
        assert_nothing_lost(before, root)
        run_tags(photos, home)
        assert sum(name.endswith(".xmp") for name in tree_of(root)) == 3
        assert all(parse_sidecar(path.read_bytes()).own for path in root.rglob("*.xmp"))
        take_back_all(home)
        assert tree_of(root) == before


def test_photos_that_vanished_or_changed_after_they_were_recognized_fail() -> None:
    with generated(EVERY_KIND) as (root, home, photos):
        (root / "a.jpg").unlink()
        (root / "b.jpg").write_bytes(b"another photo")
        first, second, third = run_tags(photos, home)
        assert first.reason == "it is not there any more"
        assert second.reason == "it was changed after it was recognized: run this again"
        assert (first.outcome, second.outcome, third.outcome) == ("failed", "failed", "written")
        assert not (root / "a.jpg.xmp").exists()


@pytest.fixture
def read_only_library(tmp_path: Path) -> list[CatalogPhoto]:
    return [made.put(tmp_path / "photos") for made in EVERY_KIND]


def test_a_folder_that_cannot_be_written_to_fails_without_being_tried(
    read_only_library: list[CatalogPhoto], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_: RealFiles, folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(RealFiles, "check_writable", refuse)
    files = RealFiles()
    blocked = unwritable_folders(read_only_library, files)
    assert blocked == {tmp_path / "photos": "Permission denied"}
    keeper = Sidecars(files)
    with Journal(tmp_path / "journal.sqlite") as journal, journal.begin("tag", files) as run:
        planned = plan_tags(read_only_library, keeper.read, OPTIONS)
        steps = list(apply_tags(planned, keeper, run, blocked))
    assert {step.reason for step in steps} == {"its folder can't be written to: Permission denied"}
    assert not (tmp_path / "photos" / "a.jpg.xmp").exists()
