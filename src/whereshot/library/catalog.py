"""What is known of a library's photos: one SQLite file, one row a photo, away from the photos."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from whereshot.errors import CatalogError
from whereshot.library._answers import Answers
from whereshot.library.catalog_photo import CatalogPhoto, Decision
from whereshot.library.home import library_home
from whereshot.library.paths import distinct_roots, key_range, to_key, to_path
from whereshot.library.schema import open_database
from whereshot.records import Location

__all__ = ["ASK", "CHANGED", "PAGE", "READ", "Catalog", "CatalogPhoto"]

PAGE = 1000
"""Rows that are fetched at once: no cursor stays open while somebody works on a row."""

ASK, CHANGED = 1, 2  # what `pending` says: ask the network; read the file, it was changed

_COLUMNS = (
    "path, size, mtime_ns, content_hash, taken_at, camera, latitude, longitude, radius_km, "
    "bundle, verdict, predictions, certainty, error, written_at"
)
READ = f"{_COLUMNS}, pending, id, decision, decided, written_as"
"""What `photo` makes a photo of, for `rows`."""

# Of new content under an old name it isn't known whether it is the same picture: what a person saw
# in it must not be written to another one. A rejection does no harm there.
_KEEPS_DECISION = "content_hash IS excluded.content_hash OR decision = 'rejected'"
_PUT = f"""
    INSERT INTO photos ({_COLUMNS}, failed_with)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET
        size = excluded.size, mtime_ns = excluded.mtime_ns, content_hash = excluded.content_hash,
        taken_at = excluded.taken_at, camera = excluded.camera, latitude = excluded.latitude,
        longitude = excluded.longitude, radius_km = excluded.radius_km, bundle = excluded.bundle,
        verdict = excluded.verdict, predictions = excluded.predictions,
        certainty = excluded.certainty, error = excluded.error,
        written_at = coalesce(excluded.written_at, written_at),
        decision = CASE WHEN {_KEEPS_DECISION} THEN decision END,
        decided = CASE WHEN {_KEEPS_DECISION} THEN decided END,
        failed_with = excluded.failed_with, pending = 0, missing = 0
"""  # noqa: S608 - no value of anybody's is in it


# What is written is what a person said, else the recognizer's best.
_MARK_WRITTEN = """
    UPDATE photos SET written_at = ?, written_in = ?, written_as = CASE WHEN ? IS NOT NULL THEN
        CASE decision WHEN 'accepted' THEN decided ELSE json_extract(predictions, '$[0][0]') END
    END WHERE path = ?
"""


class Catalog:
    """The catalog of a library; made on first use, a context manager that closes it.

    The default path is `catalog.sqlite` in `library_home()`. A catalog may be used by several
    processes at once, but by one thread. Every method raises CatalogError if the file can't be
    read or written.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = self.default_path() if path is None else Path(path)
        self.connection = open_database(self.path)
        self.answers = Answers(self.connection)

    @staticmethod
    def default_path() -> Path:
        """Where the catalog is if nobody says otherwise; it need not be there."""
        return library_home() / "catalog.sqlite"

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was written stays."""
        self.connection.close()

    def photos(self, under: Sequence[str | os.PathLike[str]] = ()) -> Iterator[CatalogPhoto]:
        """The photos, or those that are or lie in one of some paths; sorted by path, streaming.

        The catalog may be changed while they are gone through.
        """
        for key in distinct_roots(under) if under else [None]:
            for row in self.rows(READ, key, "NOT missing"):
                yield self.photo(row)

    def count(self, under: Sequence[str | os.PathLike[str]] = ()) -> int:
        """How many photos `photos` would give."""
        roots = distinct_roots(under) if under else [None]
        return sum(self.count_rows(root, "NOT missing") for root in roots)

    def get(self, path: str | os.PathLike[str]) -> CatalogPhoto | None:
        """One photo by its path; None if the catalog does not have it."""
        query = f"SELECT {READ} FROM photos WHERE path = ? AND NOT missing"  # noqa: S608
        rows = self.read(query, (to_key(path),))
        return self.photo(rows[0]) if rows else None

    def get_by_id(self, number: int) -> CatalogPhoto | None:
        """One photo by its number; None if the catalog does not have it."""
        query = f"SELECT {READ} FROM photos WHERE id = ? AND NOT missing"  # noqa: S608
        rows = self.read(query, (number,))
        return self.photo(rows[0]) if rows else None

    def put(self, photos: Iterable[CatalogPhoto], *, failed_with: str | None = None) -> None:
        """Add photos, or replace what is known of them, all or none.

        A `written_at` of None leaves the one that is there. `failed_with` is the reader that could
        not read them, for `census`.
        """
        with self.transaction():
            self.connection.executemany(_PUT, ((*self._row(each), failed_with) for each in photos))

    def mark_written(
        self, paths: Iterable[str | os.PathLike[str]], when: str | None, run: int | None = None
    ) -> None:
        """Note that the sidecars of photos were written by a run, at an ISO date and time.

        With None for both: that they have nothing of whereshot any more.
        """
        with self.transaction():
            self.connection.executemany(
                _MARK_WRITTEN, ((when, run, when, to_key(path)) for path in paths)
            )

    def mark_found_written(self, dates: Iterable[tuple[Path, str]]) -> None:
        """Note of photos that their sidecars say it already, and since when, where it isn't known.

        So it is where the catalog is younger than the sidecars.
        """
        with self.transaction():
            self.connection.executemany(
                f"{_MARK_WRITTEN} AND written_as IS NULL",
                ((when, None, when, to_key(path)) for path, when in dates),
            )

    def written(self) -> list[Path]:
        """The photos of which is known that they have something of whereshot."""
        rows = self.read("SELECT path FROM photos WHERE written_at IS NOT NULL ORDER BY path")
        return [to_path(key) for (key,) in rows]

    def written_in(self, run: int) -> list[Path]:
        """The photos whose sidecars were last written by a run of the journal."""
        rows = self.read("SELECT path FROM photos WHERE written_in = ? ORDER BY path", (run,))
        return [to_path(key) for (key,) in rows]

    def decide(self, decisions: Mapping[int, Decision | None]) -> None:
        """Note what a person said of photos, by their numbers; None takes back what was said."""
        with self.transaction():
            self.connection.executemany(
                "UPDATE photos SET decision = ?, decided = ? WHERE id = ?",
                (
                    (None, None, number)
                    if decision is None
                    else (decision.verdict, self.answers.landmark_number(decision.landmark), number)
                    for number, decision in decisions.items()
                ),
            )

    @contextmanager
    def transaction(self) -> Generator[None]:
        """What is written inside is written as a whole, or not at all if an exception leaves it.

        Inside of another transaction it is a part of that one.
        """
        if self.connection.in_transaction:
            yield
            return
        with self._guarded():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self.connection.in_transaction:  # a full disk has rolled it back already
                    self.connection.execute("ROLLBACK")
                self.answers = Answers(self.connection)  # some of its numbers are gone
                raise
            self.connection.execute("COMMIT")

    def read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows of a query, for the modules beside this one."""
        with self._guarded():
            return self.connection.execute(query, values).fetchall()

    def rows(self, columns: str, root: bytes | None, condition: str) -> Iterator[Any]:
        """Rows of photos under a root's key, by path, in pages; `columns` begin with the path."""
        query = f"SELECT {columns} FROM photos WHERE {condition}"  # noqa: S608 - both are ours
        after, behind = b"", None
        if root is not None:
            yield from self.read(f"{query} AND path = ?", (root,))
            after, behind = key_range(root)
        query += f" AND path > ? {'AND path < ?' if behind else ''} ORDER BY path LIMIT {PAGE}"
        while page := self.read(query, (after, behind) if behind else (after,)):
            yield from page
            after = page[-1][0]

    def count_rows(self, root: bytes | None, condition: str) -> int:
        """How many rows `rows` would give."""
        query = f"SELECT COUNT(*) FROM photos WHERE {condition}"  # noqa: S608 - it is ours
        if root is None:
            return self.read(query)[0][0]
        inside = self.read(f"{query} AND path > ? AND path < ?", key_range(root))
        return inside[0][0] + self.read(f"{query} AND path = ?", (root,))[0][0]

    @contextmanager
    def _guarded(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CatalogError(
                f"The catalog {str(self.path)!r} can't be used: {error}. Check the space and the "
                "permissions of its folder, or name another file with --catalog."
            ) from error

    def photo(self, row: Any) -> CatalogPhoto:
        """The photo of a row of `READ`."""
        key, size, mtime_ns, content_hash, taken_at, camera, latitude, longitude, radius_km = row[
            :9
        ]
        error, written_at, pending, number, verdict, decided, written_as = row[13:]
        path = to_path(key)
        if pending == CHANGED:  # what is known is of what the file was
            return CatalogPhoto(path, size, mtime_ns, written_at=written_at, id=number)
        own = None if latitude is None else Location(latitude, longitude, radius_km, "exif")
        return CatalogPhoto(
            path=path,
            size=size,
            mtime_ns=mtime_ns,
            content_hash=content_hash.hex() if content_hash is not None else "",
            taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
            camera=camera,
            own_location=own,
            recognition=self.answers.recognition(row[9:13], own, str(path)),
            error=error,
            written_at=written_at,
            decision=Decision(verdict, self.answers.landmark(decided)) if verdict else None,
            written_as=self.answers.landmark(written_as) if written_as is not None else None,
            id=number,
        )

    def _row(self, photo: CatalogPhoto) -> tuple[object, ...]:
        own = photo.own_location
        return (
            to_key(photo.path),
            photo.size,
            photo.mtime_ns,
            bytes.fromhex(photo.content_hash) or None,
            photo.taken_at.isoformat() if photo.taken_at else None,
            photo.camera,
            *((own.latitude, own.longitude, own.radius_km) if own else (None, None, None)),
            *self.answers.columns(photo.recognition),
            photo.error,
            photo.written_at,
        )
