"""What whereshot did to a user's files, written down before it is done.

An SQLite file of its own, so that a catalog can be thrown away without losing the way back. The
order is what makes it safe: first the entry is on the disk, with what was there before; then the
change is made, and is on the disk; then the entry is marked as made. That mark rides along with the
next entry: without it `undo` looks at the files themselves, which it does anyway.
"""

from __future__ import annotations

import datetime
import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, cast

from whereshot.errors import JournalError
from whereshot.library._lock import hold
from whereshot.library.changes import Change, Entry, WriteFile, perform, prepare
from whereshot.library.files import Files, FileState
from whereshot.library.home import library_home

_SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number is never used again
    command TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,   -- NULL where at_work is 0: killed
    undone TEXT,
    at_work INTEGER NOT NULL DEFAULT 1  -- its changes are being made, or taken back
);
CREATE TABLE IF NOT EXISTS changes (
    run INTEGER NOT NULL REFERENCES runs (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    path BLOB NOT NULL,  -- a path is bytes: not all of them are text
    source BLOB,
    before TEXT,   -- FileState
    content BLOB,
    digest BLOB NOT NULL,
    after TEXT,    -- FileState
    state TEXT NOT NULL,  -- intended, made, undone
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run in the journal; times are ISO 8601 in local time with its offset."""

    id: int
    command: str
    started: str
    ended: str | None  # None: it was killed, or is still at work
    undone: str | None
    at_work: bool
    changes: int
    """How many changes it has made that are not taken back."""


class Journal:
    """The journal at a path, by default in the user's data folder; a context manager.

    Raises `JournalError` for a file that is no journal or that a newer whereshot has written.
    """

    def __init__(self, path: Path | None = None, *, kept: bool = True) -> None:
        self.path = (path or library_home() / "journal.sqlite") if kept else None
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._db = self._opened()

    @classmethod
    def in_memory(cls) -> Journal:
        """A journal that is forgotten, for a dry run."""
        return cls(kept=False)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def begin(self, command: str, files: Files) -> Generator[Run]:
        """A run that changes files: one at a time, after tidying up behind one that was killed.

        Raises `JournalError` if another process is at it. A run that changes nothing leaves no
        trace.
        """
        with self.alone():
            self.settle(files)
            started = {"command": command, "started": now()}
            number = self.write(
                [("INSERT INTO runs (command, started) VALUES (:command, :started)", started)]
            )
            run = Run(number, self, files)
            try:
                yield run
            finally:
                run.finish()

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the journal: no other process changes files by it meanwhile."""
        if self.path is None:
            yield
            return
        with hold(self.path.with_suffix(".lock")):
            yield

    def settle(self, files: Files) -> None:
        """Tidy up behind runs that were killed: unfinished files go, entries stay.

        The caller holds the journal, so whoever is at work here is not at work any more.
        """
        for run in (record for record in self.runs() if record.at_work):
            folders = {folder for _, entry in self.entries(run.id) for folder in entry.folders}
            for folder in sorted(folders):
                with suppress(OSError):  # a folder that is out of reach can wait
                    files.sweep(folder)
            self.write([("UPDATE runs SET at_work = 0 WHERE id = ?", (run.id,))])

    def runs(self) -> tuple[RunRecord, ...]:
        """All runs, the oldest first."""
        return tuple(
            RunRecord(number, command, started, ended, undone, bool(at_work), changes)
            for number, command, started, ended, undone, at_work, changes in self._read(
                "SELECT id, command, started, ended, undone, at_work, (SELECT count(*) FROM changes"
                " WHERE run = id AND state != 'undone') FROM runs ORDER BY id"
            )
        )

    def entries(self, run: int) -> Iterator[tuple[int, Entry]]:
        """A run's entries that are not taken back, by number, the last first.

        They may be marked meanwhile: each is read when it is its turn.
        """
        numbers = [
            number
            for (number,) in self._read(
                "SELECT number FROM changes WHERE run = ? AND state != 'undone'"
                " ORDER BY number DESC",
                (run,),
            )
        ]
        for number in numbers:
            [row] = self._read(
                "SELECT kind, path, source, before, content, digest, after FROM changes"
                " WHERE run = ? AND number = ?",
                (run, number),
            )
            yield number, _entry(row)

    def paths(self, run: int) -> Iterator[Path]:
        """The paths that a run has changed or taken something from, as often as it did."""
        query = "SELECT path, source FROM changes WHERE run = ?"
        for row in self._read(query, (run,)):
            yield from (Path(os.fsdecode(path)) for path in row if path is not None)

    def write(self, statements: list[tuple[str, Any]]) -> int:
        """Make all of these statements durable or none; returns the last row's id."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                last = 0
                for statement, values in statements:
                    last = self._db.execute(statement, values).lastrowid or last
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._problem("written", error) from error
        return last

    def _read(self, query: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(query, values)
        except sqlite3.Error as error:
            raise self._problem("read", error) from error

    def _opened(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self.path or ":memory:", isolation_level=None, timeout=30)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # on the disk before the change is made
            [version] = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                script = f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_SCHEMA}; COMMIT;"
                db.executescript(script)
        except sqlite3.Error as error:
            raise self._problem("opened", error) from error
        if version > _SCHEMA:
            db.close()
            raise JournalError(
                f"The journal '{self.path}' has version {version}, and this whereshot knows "
                f"version {_SCHEMA}. Use the newer whereshot that wrote it."
            )
        return db

    def _problem(self, what: str, error: Exception) -> JournalError:
        return JournalError(
            f"The journal '{self.path}' can't be {what}: {error}. Without it nothing is changed: "
            "make room for it, or name another folder in WHERESHOT_HOME."
        )


class Run:
    """Changes that belong together and are taken back together."""

    def __init__(self, id: int, journal: Journal, files: Files) -> None:  # noqa: A002
        self.id = id
        self._journal = journal
        self._files = files
        self._number = 0
        self._marks: list[tuple[str, Any]] = []  # marks that go with the next entry

    def apply(self, change: Change) -> None:
        """Make one change: noted, made, on the disk when this returns.

        Raises OSError if it can't be made, `ConflictError` among them; the next can be tried.
        Raises `JournalError` if it can't be noted: then it isn't made.
        """
        if isinstance(change, WriteFile) and change.content == change.replaces:
            return  # else the file's time would change, and nothing else
        entry = prepare(change, self._files)
        self._number += 1
        key = (self.id, self._number)
        self._journal.write([*self._take_marks(), (_INSERT, _row(key, entry))])
        try:
            perform(change, entry, self._files)
        except OSError:
            if self._files.look(entry.path) == entry.path_before:  # nothing has happened
                self._marks.append((_FORGET, key))
            raise
        self._marks.append((_MARK, (_text(self._files.look(entry.path)), *key)))

    def finish(self) -> None:
        """Write down that the run is over; one without changes goes from the journal."""
        ended = ("UPDATE runs SET ended = ?, at_work = 0 WHERE id = ?", (now(), self.id))
        self._journal.write([*self._take_marks(), ended, (_FORGET_EMPTY, (self.id, self.id))])

    def _take_marks(self) -> list[tuple[str, Any]]:
        marks, self._marks = self._marks, []
        return marks


_INSERT = "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'intended')"
_MARK = "UPDATE changes SET state = 'made', after = ? WHERE run = ? AND number = ?"
_FORGET = "DELETE FROM changes WHERE run = ? AND number = ?"
_FORGET_EMPTY = "DELETE FROM runs WHERE id = ? AND NOT EXISTS (SELECT * FROM changes WHERE run = ?)"


def now() -> str:
    """The time by this machine's clock, with its offset, to the second."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def _row(key: tuple[int, int], entry: Entry) -> tuple[object, ...]:
    return (
        *key,
        entry.kind,
        os.fsencode(entry.path),
        None if entry.source is None else os.fsencode(entry.source),
        _text(entry.before),
        entry.content,
        entry.digest,
        _text(entry.after),
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    kind, path, source, before, content, digest, after = row
    return Entry(
        kind=kind,
        path=Path(os.fsdecode(path)),
        source=None if source is None else Path(os.fsdecode(source)),
        before=_state(before),
        content=content,
        digest=digest,
        after=_state(after),
    )


def _text(state: FileState | None) -> str | None:
    # Text, because an inode may be beyond SQLite's 63 bits.
    return None if state is None else " ".join(map(str, astuple(state)))


def _state(text: str | None) -> FileState | None:
    if text is None:
        return None
    kind, *numbers = text.split()
    return FileState(cast("Any", kind), *map(int, numbers))
