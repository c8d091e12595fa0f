"""What whereshot does to a user's files, as values: what is to be done, and what was there before.

A change says what its plan was made from. `prepare` looks whether that still holds and notes what
is needed to take the change back; `perform` makes it. Between the two, the journal writes the note
down.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whereshot.errors import ConflictError
from whereshot.library.files import Files, FileState


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Write a small file in the place of exactly this content, or of nothing."""

    path: Path
    content: bytes
    replaces: bytes | None = None


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Remove a small file that holds exactly this."""

    path: Path
    holds: bytes


@dataclass(frozen=True, slots=True)
class ReplaceFile:
    """Put a finished file in the place of a large one, of which there is a backup.

    `staged` has a name from `temporary_beside`; `backup` is a link to `path`, or a copy of it.
    """

    path: Path
    staged: Path
    backup: Path


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Make one folder, in one that is there by then."""

    path: Path


@dataclass(frozen=True, slots=True)
class CopyFile:
    """Copy a file to a name that is free."""

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class LinkFile:
    """Give a file a second name, one that is free."""

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class MoveFile:
    """Give a file another name, one that is free."""

    source: Path
    target: Path


Change = WriteFile | RemoveFile | ReplaceFile | MakeFolder | CopyFile | LinkFile | MoveFile
Kind = Literal["write", "remove", "replace", "folder", "copy", "link", "move"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal keeps of a change: enough to take it back, whether it was made or not."""

    kind: Kind
    path: Path  # the name that comes, changes or goes
    source: Path | None = None  # where a copy, a link, a move comes from; the backup of `replace`
    before: FileState | None = None  # of `path`, or of `source` where `path` is a new name
    content: bytes | None = None  # what `path` held, of `write` and `remove`
    digest: bytes = b""  # of what `write` writes
    after: FileState | None = None  # of `path`; None as long as nobody has looked

    @property
    def path_before(self) -> FileState | None:
        """What was at `path`."""
        return self.before if self.kind in ("write", "remove", "replace") else None

    @property
    def names(self) -> set[Path]:
        """The names that the change has to do with."""
        return {path for path in (self.path, self.source) if path is not None}

    @property
    def folders(self) -> set[Path]:
        """Where a crash in the midst of the change may have left an unfinished file."""
        return {path.parent for path in self.names}


def digest_of(content: bytes) -> bytes:
    """By which written content is recognized again: BLAKE2b, 16 bytes."""
    return hashlib.blake2b(content, digest_size=16).digest()


def prepare(change: Change, files: Files) -> Entry:
    """Note what is there; raises `ConflictError` where it isn't what the change was planned for."""
    match change:
        case WriteFile(path, content, replaces):
            path = files.follow(path)  # else a link would become a file, and what it led to stale
            state = _holding(path, replaces, files)
            return Entry("write", path, None, state, replaces, digest_of(content))
        case RemoveFile(path, holds):
            return Entry("remove", path, None, _holding(path, holds, files), holds)
        case ReplaceFile(path, staged, backup):
            state = _regular(path, files)
            if not _regular(backup, files).same_file(state) and not files.same_content(
                path, backup
            ):
                raise ConflictError(f"'{backup}' is no backup of '{path}', which is left as it is")
            return Entry("replace", path, backup, state, after=_regular(staged, files))
        case MakeFolder(path):
            _check_free(path, files)
            return Entry("folder", path)
        case CopyFile(source, target):
            _check_free(target, files)
            source = files.follow(source)
            return Entry("copy", target, source, _regular(source, files))
        case LinkFile(source, target):
            _check_free(target, files)
            source = files.follow(source)
            return Entry("link", target, source, _regular(source, files))
        case MoveFile(source, target):
            _check_free(target, files)
            return Entry("move", target, source, _regular(source, files))


def perform(change: Change, entry: Entry, files: Files) -> None:
    """Make a prepared change; raises OSError."""
    match change:
        case WriteFile(_, content, _):
            files.write(entry.path, content, over=entry.before)
        case RemoveFile(path, _):
            assert entry.before is not None
            files.remove(path, seen=entry.before)
        case ReplaceFile(path, staged, _):
            assert entry.before is not None
            files.replace(staged, path, over=entry.before)
        case MakeFolder(path):
            files.make_folder(path)
        case CopyFile(_, target):
            assert entry.source is not None
            files.copy(entry.source, target)
        case LinkFile(_, target):
            assert entry.source is not None
            files.link(entry.source, target)
        case MoveFile(source, target):
            files.move(source, target)


def _holding(path: Path, content: bytes | None, files: Files) -> FileState | None:
    state = files.look(path)  # before reading: who writes in between is found out when we write
    if files.read(path) == content:
        return state
    raise ConflictError(
        f"'{path}' is there already and is left as it is"
        if content is None
        else f"'{path}' was changed by another program just now. Try again"
    )


def _regular(path: Path, files: Files) -> FileState:
    state = files.look(path)
    if state is None:
        raise FileNotFoundError(f"'{path}' is not there any more")
    if state.kind != "file":
        raise ConflictError(f"'{path}' is a {state.kind}, not a file, and is left as it is")
    return state


def _check_free(path: Path, files: Files) -> None:
    if files.look(path) is not None:
        raise ConflictError(f"'{path}' is there already and is left as it is")
