"""The way back: a run's changes are taken back, the last first.

What is done depends on what is there now, not on how far the run came. So it doesn't matter
whether a crash came before or after a change, and taking back twice is taking back once. What
somebody changed since stays as it is and is reported.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from whereshot.errors import ConflictError, JournalError
from whereshot.library.changes import Entry, digest_of
from whereshot.library.files import Files, FileState
from whereshot.library.journal import Journal, RunRecord, now


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that stays as it is, and why."""

    path: Path
    reason: str


@dataclass(slots=True)
class UndoReport:
    """What became of a run's changes."""

    run: RunRecord
    undone: int = 0
    refused: list[Refused] = field(default_factory=list[Refused])
    kept_folders: list[Path] = field(default_factory=list[Path])
    """Folders that the run made and that others have filled since."""


def undo(
    journal: Journal,
    run_id: int | None,
    files: Files,
    report: Callable[[int], None] = lambda _: None,
) -> UndoReport:
    """Take back a run, by default the last that was not taken back yet.

    `report` is called with the number of changes looked at. What was refused can be tried again by
    the run's number. Raises `JournalError` if there is no such run or another process is at work.
    """
    with journal.alone():
        journal.settle(files)
        result = UndoReport(_find(journal, run_id))
        stay: set[Path] = set()
        journal.write([("UPDATE runs SET at_work = 1 WHERE id = ?", (result.run.id,))])
        for done, (number, entry) in enumerate(journal.entries(result.run.id), start=1):
            if _taken_back(entry, stay, files, result):
                journal.write([(_UNDONE, (result.run.id, number))])
                result.undone += 1
            else:
                stay |= entry.names
            report(done)
        journal.write([(_RUN_UNDONE, (now(), result.run.id))])
        return result


_RUN_UNDONE = "UPDATE runs SET undone = ?, at_work = 0 WHERE id = ?"
# What was there before is of no more use then, and a journal would only grow.
_UNDONE = "UPDATE changes SET state = 'undone', content = NULL WHERE run = ? AND number = ?"


def _find(journal: Journal, run_id: int | None) -> RunRecord:
    runs = journal.runs()
    if run_id is None:
        for record in reversed(runs):
            if record.undone is None and record.changes:
                return record
        raise JournalError(
            "There is no run to take back: nothing was changed, or all of it was taken back. "
            "`whereshot undo --list` shows the runs."
        )
    for record in runs:
        if record.id == run_id:
            return record
    raise JournalError(
        f"The journal has no run {run_id}. `whereshot undo --list` shows the runs and their "
        "numbers."
    )


def _taken_back(entry: Entry, stay: set[Path], files: Files, result: UndoReport) -> bool:
    try:
        # An earlier change lies beneath a later one: where that stays, it stays too.
        if entry.names & stay:
            raise ConflictError("a later change to it could not be taken back")
        if entry.kind == "folder":
            return _take_back_folder(entry, files, result)
        _TAKE_BACK[entry.kind](entry, files)
    except ConflictError as error:
        result.refused.append(Refused(entry.path, str(error)))
        return False
    except OSError as error:  # a full disk, no permission: later it may go
        result.refused.append(Refused(entry.path, error.strerror or str(error)))
        return False
    return True


def _take_back_folder(entry: Entry, files: Files, result: UndoReport) -> bool:
    state = files.look(entry.path)
    if state is None or state.kind != "folder":
        return True
    try:
        files.remove_folder(entry.path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        result.kept_folders.append(entry.path)
        return False
    return True


def _take_back_write(entry: Entry, files: Files) -> None:
    current, state = _current(entry.path, files)
    if current == entry.content:
        return  # it was never made, or is taken back already
    if current is None:
        raise ConflictError("it was removed since")
    if digest_of(current) != entry.digest:
        raise ConflictError("it was changed since")
    assert state is not None
    if entry.content is None:
        files.remove(entry.path, seen=state)
    else:
        _restore(entry, files, state)


def _take_back_remove(entry: Entry, files: Files) -> None:
    current, _ = _current(entry.path, files)
    if current == entry.content:
        return
    if current is not None:
        raise ConflictError("there is another file of this name since")
    _restore(entry, files, None)


def _restore(entry: Entry, files: Files, over: FileState | None) -> None:
    assert entry.content is not None
    assert entry.before is not None
    before = entry.before
    files.write(entry.path, entry.content, over=over, mode=before.mode, mtime_ns=before.mtime_ns)


def _take_back_replace(entry: Entry, files: Files) -> None:
    assert entry.source is not None
    assert entry.before is not None
    state = files.look(entry.path)
    if entry.before.same_file(state):
        return
    if state is None:
        raise ConflictError("it was removed since")
    if not state.same_file(entry.after):
        raise ConflictError("it was changed since")
    backup = files.look(entry.source)
    if backup is None or (backup.size, backup.mtime_ns) != (
        entry.before.size,
        entry.before.mtime_ns,
    ):
        raise ConflictError(f"its backup '{entry.source.name}' was changed or removed since")
    files.put_back(entry.source, entry.path, over=state)


def _take_back_copy(entry: Entry, files: Files) -> None:
    assert entry.source is not None
    state = files.look(entry.path)
    if state is None:
        return
    original = files.look(entry.source)
    if original is None:
        raise ConflictError("the file that it is a copy of is gone: this is the only one left")
    untouched = state == entry.after and original == entry.before
    if not untouched and not files.same_content(entry.source, entry.path):
        raise ConflictError("it or the file that it is a copy of was changed since")
    files.remove(entry.path, seen=state)


def _take_back_link(entry: Entry, files: Files) -> None:
    assert entry.source is not None
    state, original = files.look(entry.path), files.look(entry.source)
    if state is None:
        return
    if original is None:
        raise ConflictError("the other name of this file is gone: this is the only one left")
    same = (state.device, state.inode) == (original.device, original.inode)
    if not same and not files.same_content(entry.source, entry.path):
        raise ConflictError("it or the file that it is a link to was changed since")
    files.remove(entry.path, seen=state)


def _take_back_move(entry: Entry, files: Files) -> None:
    assert entry.source is not None
    assert entry.before is not None
    state, original = files.look(entry.path), files.look(entry.source)
    if state is None:
        if original is None:
            raise ConflictError("it was removed or moved on since")
        return
    if original is not None:
        # Both are there in the midst of a move: two names of one file, or two copies of it.
        if state.kind != "file" or not files.same_content(entry.source, entry.path):
            raise ConflictError(f"there is another file at '{entry.source}' since")
        files.remove(entry.path, seen=state)
        return
    # Not by its inode: a later run may have written it, and taken that back.
    if (state.kind, state.size, state.mtime_ns) != (
        "file",
        entry.before.size,
        entry.before.mtime_ns,
    ):
        raise ConflictError("it was changed since")
    files.move(entry.path, entry.source)


def _current(path: Path, files: Files) -> tuple[bytes | None, FileState | None]:
    state = files.look(path)
    if state is not None and state.kind != "file":
        raise ConflictError(f"there is a {state.kind} of this name since")
    return files.read(path), state


_TAKE_BACK: dict[str, Callable[[Entry, Files], None]] = {
    "write": _take_back_write,
    "remove": _take_back_remove,
    "replace": _take_back_replace,
    "copy": _take_back_copy,
    "link": _take_back_link,
    "move": _take_back_move,
}
