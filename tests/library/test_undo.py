"""What was done to files is taken back to the byte, wherever it was stopped."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plug import Blackout, How, Machine, quick_folder, tree_of

from whereshot.errors import JournalError
from whereshot.library.changes import (
    Change,
    CopyFile,
    LinkFile,
    MakeFolder,
    MoveFile,
    RemoveFile,
    ReplaceFile,
    WriteFile,
)
from whereshot.library.files import RealFiles, temporary_beside
from whereshot.library.journal import Journal
from whereshot.library.undo import UndoReport, undo

OLD = 1_700_000_000_123_456_789  # ns


def put(path: Path, content: bytes, mode: int = 0o640) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    os.utime(path, ns=(OLD, OLD))
    return path


@contextmanager
def a_library() -> Generator[tuple[Path, Path]]:
    """A small library and the path of a journal; Hypothesis wants a new one per example."""
    with quick_folder() as folder:
        root = Path(folder) / "photos"
        put(root / "a.jpg", b"a photo")
        put(root / "b.jpg", b"another photo", 0o444)
        put(root / "a.jpg.xmp", b"<a sidecar/>")
        put(root / "trip" / "c.jpg", b"a third")
        yield root, Path(folder) / "home" / "journal.sqlite"


def every_kind(root: Path) -> list[Change]:
    """One change of each kind and more, as a run would make them."""
    staged = temporary_beside(root / "a.jpg")
    return [
        WriteFile(root / "b.jpg.xmp", b"<new/>"),
        WriteFile(root / "a.jpg.xmp", b"<merged/>", b"<a sidecar/>"),
        WriteFile(root / "a.jpg.xmp", b"<merged again/>", b"<merged/>"),
        MakeFolder(root / "albums"),
        MakeFolder(root / "albums" / "Agra"),
        CopyFile(root / "b.jpg", root / "albums" / "b.jpg"),
        LinkFile(root / "a.jpg", root / "a.jpg_original"),
        ReplaceFile(root / "a.jpg", staged, root / "a.jpg_original"),
        LinkFile(root / "b.jpg", root / "albums" / "Agra" / "b.jpg"),
        MoveFile(root / "trip" / "c.jpg", root / "albums" / "Agra" / "c.jpg"),
        RemoveFile(root / "b.jpg.xmp", b"<new/>"),
    ]


def run_all(changes: list[Change], home: Path) -> int:
    """Make the changes in a run, those that can be made; returns how many."""
    made = 0
    with Journal(home) as journal, journal.begin("test", RealFiles()) as run:
        for change in changes:
            if isinstance(change, ReplaceFile):
                change.staged.write_bytes(b"a photo with its place")
            with suppress(OSError):
                run.apply(change)
                made += 1
    return made


def take_back(home: Path) -> list[str]:
    """Undo the last run if there is one; returns what was refused."""
    with Journal(home) as journal:
        if not any(record.changes for record in journal.runs()):
            with journal.begin("tidy up", RealFiles()):
                return []
        return [f"{one.path}: {one.reason}" for one in undo(journal, None, RealFiles()).refused]


def test_every_kind_of_change_is_taken_back() -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        assert run_all(every_kind(root), home) == 11
        assert tree_of(root) != before
        assert take_back(home) == []
        assert tree_of(root) == before


def steps_of_every_kind() -> int:
    with a_library() as (root, home), Machine().running() as machine:
        run_all(every_kind(root), home)
    return machine.count


STEPS = steps_of_every_kind()


def test_the_machine_counts_the_steps_of_every_change() -> None:
    assert STEPS > 100


@pytest.mark.parametrize("how", ["error", "end"])
@pytest.mark.parametrize("stop_at", range(STEPS))
def test_a_run_that_ends_at_any_step_is_taken_back_whole(stop_at: int, how: How) -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        with Machine(stop_at, how).running() as machine, suppress(Blackout):
            run_all(every_kind(root), home)
        assert machine.stopped
        assert whole_contents(before) <= contents_of(root)
        assert take_back(home) == []
        assert without_staged(tree_of(root)) == before


@pytest.mark.parametrize("stop_at", range(0, STEPS, 3))
def test_after_a_crash_the_next_run_goes_on_and_both_are_taken_back(stop_at: int) -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        with Machine(stop_at).running(), suppress(Blackout):
            run_all(every_kind(root), home)
        run_all([WriteFile(root / "trip" / "c.jpg.xmp", b"<next/>")], home)
        assert not [name for name in tree_of(root) if ".whereshot-" in name]
        with Journal(home) as journal:
            runs = sum(record.changes > 0 for record in journal.runs())
        for _ in range(runs):
            assert take_back(home) == []
        assert tree_of(root) == before


def steps_of_undo() -> int:
    with a_library() as (root, home):
        run_all(every_kind(root), home)
        with Machine().running() as machine:
            take_back(home)
    return machine.count


@pytest.mark.parametrize("how", ["error", "end"])
@pytest.mark.parametrize("stop_at", range(steps_of_undo()))
def test_an_undo_that_ends_at_any_step_is_finished_by_the_next(stop_at: int, how: How) -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        run_all(every_kind(root), home)
        with Machine(stop_at, how).running(), suppress(Blackout):
            take_back(home)
        with Journal(home) as journal:
            [record] = journal.runs()
            assert undo(journal, record.id, RealFiles()).refused == []
        assert tree_of(root) == before


def contents_of(root: Path) -> set[bytes]:
    return {entry[1] for entry in tree_of(root).values() if entry[0] == "file"}


def whole_contents(before: dict[str, tuple[object, ...]]) -> set[object]:
    """What must be there whatever happens: the photos. Sidecars are in the journal."""
    return {entry[1] for name, entry in before.items() if name.endswith(".jpg")}


def without_staged(tree: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Without what the test itself staged for a change that was never tried."""
    return {
        name: entry
        for name, entry in tree.items()
        if entry[:2] != ("file", b"a photo with its place")
    }


def undo_last(home: Path) -> UndoReport:
    with Journal(home) as journal:
        return undo(journal, None, RealFiles())


def changed_since(path: Path) -> None:
    path.write_bytes(b"somebody's")


def test_undo_leaves_what_somebody_changed_since_and_takes_back_the_rest() -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        run_all(every_kind(root), home)
        mine = [
            root / "a.jpg.xmp",
            root / "a.jpg",
            root / "albums" / "b.jpg",
            root / "albums" / "Agra" / "c.jpg",
        ]
        for path in mine:
            path.unlink()  # as programs write: a new file under the old name
            changed_since(path)
        report = undo_last(home)
        refused = {one.path: one.reason for one in report.refused}
        assert refused.keys() == {*mine, root / "a.jpg_original"}
        assert refused[root / "a.jpg"] == "it was changed since"
        assert all(path.read_bytes() == b"somebody's" for path in mine)
        # The only file that still holds what the photo was stays too.
        assert (root / "a.jpg_original").read_bytes() == b"a photo"
        assert report.kept_folders == [root / "albums" / "Agra", root / "albums"]
        assert tree_of(root)["b.jpg"] == before["b.jpg"]


def test_undo_does_not_bring_back_what_somebody_removed() -> None:
    with a_library() as (root, home):
        run_all([WriteFile(root / "a.jpg.xmp", b"<merged/>", b"<a sidecar/>")], home)
        (root / "a.jpg.xmp").unlink()
        [refused] = undo_last(home).refused
        assert refused.reason == "it was removed since"
        assert not (root / "a.jpg.xmp").exists()


@pytest.mark.parametrize("kind", [CopyFile, LinkFile])
def test_undo_keeps_the_only_one_that_is_left(kind: type[CopyFile | LinkFile]) -> None:
    with a_library() as (root, home):
        run_all([kind(root / "a.jpg", root / "copy.jpg")], home)
        (root / "a.jpg").unlink()
        [refused] = undo_last(home).refused
        assert "the only one left" in refused.reason
        assert (root / "copy.jpg").read_bytes() == b"a photo"


def test_undo_does_not_move_a_file_over_one_that_came_since() -> None:
    with a_library() as (root, home):
        run_all([MoveFile(root / "a.jpg", root / "x.jpg")], home)
        changed_since(root / "a.jpg")
        [refused] = undo_last(home).refused
        assert "there is another file at" in refused.reason
        assert (root / "a.jpg").read_bytes() == b"somebody's"
        assert (root / "x.jpg").read_bytes() == b"a photo"


def test_runs_are_taken_back_in_any_order_that_loses_nothing() -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        run_all([WriteFile(root / "b.jpg.xmp", b"<1/>")], home)
        run_all([WriteFile(root / "b.jpg.xmp", b"<2/>", b"<1/>")], home)
        with Journal(home) as journal:
            first, second = (record.id for record in journal.runs())
            [refused] = undo(journal, first, RealFiles()).refused
            assert refused.reason == "it was changed since"
            assert undo(journal, second, RealFiles()).refused == []
            assert undo(journal, first, RealFiles()).refused == []
            assert undo(journal, first, RealFiles()).undone == 0  # twice is once
        assert tree_of(root) == before


def test_undo_of_what_is_not_there_is_an_error_that_says_so() -> None:
    with a_library() as (_, home), Journal(home) as journal:
        with pytest.raises(JournalError, match="no run to take back"):
            undo(journal, None, RealFiles())
        with pytest.raises(JournalError, match="has no run 7"):
            undo(journal, 7, RealFiles())


NAMES = ("a.jpg", "b.jpg", "a.jpg.xmp", "trip/c.jpg", "trip/new", "trip/x/new", "x", "trip/x", "y")
KINDS = ("write", "remove", "folder", "copy", "link", "move")


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[str, str, str, bytes]]:
    one = st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.binary(max_size=3),
    )
    return draw(st.lists(one, max_size=12))


def perform_plan(plan: list[tuple[str, str, str, bytes]], root: Path, home: Path) -> None:
    """Try each change with what is there then; those that are refused are refused."""
    with Journal(home) as journal, journal.begin("test", RealFiles()) as run:
        for kind, first, second, content in plan:
            path, other = root / first, root / second
            with suppress(OSError):
                held = RealFiles().read(path)
                changes: dict[str, Change] = {
                    "write": WriteFile(path, content, held),
                    "remove": RemoveFile(path, held or b""),
                    "folder": MakeFolder(path),
                    "copy": CopyFile(other, path),
                    "link": LinkFile(other, path),
                    "move": MoveFile(other, path),
                }
                run.apply(changes[kind])


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans())
def test_any_sequence_of_changes_is_taken_back_to_the_byte(
    plan: list[tuple[str, str, str, bytes]],
) -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        perform_plan(plan, root, home)
        assert take_back(home) == []
        assert tree_of(root) == before


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans(), stop_at=st.integers(0, 250), how=st.sampled_from(["error", "end"]))
def test_any_sequence_of_changes_is_taken_back_from_any_crash(
    plan: list[tuple[str, str, str, bytes]], stop_at: int, how: How
) -> None:
    with a_library() as (root, home):
        before = tree_of(root)
        with Machine(stop_at, how).running(), suppress(Blackout):
            perform_plan(plan, root, home)
        assert take_back(home) == []
        assert tree_of(root) == before
