"""The photos that there are against those that the catalog knows: what is new, changed, gone.

Both come in the order of their keys, so one walk and one pass over the rows decide it, with no
question for each photo, and what is as it was costs no write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

from whereshot.library.catalog import ASK, CHANGED, Catalog
from whereshot.library.reading import reader_version
from whereshot.library.scan import FoundPhoto, Scan
from whereshot.progress import Report, silent

_COMMIT_SECONDS = 1.0
_MOST_WRITES = 20_000  # that wait for a commit: on a first run every photo is one

_COLUMNS = "path, size, mtime_ns, content_hash, bundle, error, failed_with, pending, missing"
_ADD = "INSERT INTO photos (path, size, mtime_ns, pending) VALUES (?, ?, ?, ?)"
_UPDATE = "UPDATE photos SET pending = ?, missing = 0 WHERE path = ?"
_UPDATE_FILE = "UPDATE photos SET size = ?, mtime_ns = ?, pending = ?, missing = 0 WHERE path = ?"
_MISS = "UPDATE photos SET missing = 1 WHERE path = ?"


@dataclass(slots=True)
class Census:
    """How many photos there are, how many need nothing, and how many are no longer there."""

    found: int = 0
    settled: int = 0
    missing: int = 0


class _Row(NamedTuple):
    path: bytes
    size: int
    mtime_ns: int
    content_hash: bytes | None
    bundle: int | None
    error: str | None
    failed_with: str | None
    pending: int
    missing: int


def take_census(catalog: Catalog, scan: Scan, bundle: str, report: Report = silent) -> Census:
    """Walk the folders of a scan and note in the catalog what is to be done for a bundle.

    New and changed photos are marked, and those that were recognized by another bundle, or that
    another reader could not read. Photos that are not there any more are marked as missing, unless
    their folder could not be looked at. Reports ("scan", photos so far, 0, {}).
    """
    census = Census()
    with catalog.transaction():
        number = catalog.answers.bundle_number(bundle)
    clerk = _Clerk(catalog, number, census)
    for root in scan.roots:
        rows = (_Row(*row) for row in catalog.rows(_COLUMNS, root, "1"))
        for found, row in _beside(scan.under(root), rows):
            if found is None:
                assert row is not None
                if not row.missing and not scan.is_unseen(row.path):
                    clerk.miss(row)
            else:
                clerk.meet(found, row)
                if census.found % 1000 == 0:
                    report("scan", census.found, 0, {})
            clerk.commit_now_and_then()
    clerk.commit()
    report("scan", census.found, 0, {})
    return census


def _beside(
    found: Iterator[FoundPhoto], rows: Iterator[_Row]
) -> Iterator[tuple[FoundPhoto | None, _Row | None]]:
    """Photos and rows in the order of their keys; those with the same key in one pair."""
    row = next(rows, None)
    for photo in found:
        while row is not None and row.path < photo.key:
            yield None, row
            row = next(rows, None)
        if row is not None and row.path == photo.key:
            yield photo, row
            row = next(rows, None)
        else:
            yield photo, None
    while row is not None:
        yield None, row
        row = next(rows, None)


class _Clerk:
    """Decides, and gathers what is to be written."""

    def __init__(self, catalog: Catalog, bundle: int, census: Census) -> None:
        self._catalog = catalog
        self._bundle = bundle
        self._reader = reader_version()
        self._census = census
        self._writes: dict[str, list[tuple[object, ...]]] = {
            _ADD: [],
            _UPDATE: [],
            _UPDATE_FILE: [],
            _MISS: [],
        }
        self._waiting = 0
        self._committed_at = monotonic()

    def meet(self, found: FoundPhoto, row: _Row | None) -> None:
        """A photo is there; the row is what the catalog has of it."""
        self._census.found += 1
        if row is None:
            self._write(_ADD, *found, ASK)
        elif (row.size, row.mtime_ns) == (found.size, found.mtime_ns):
            pending = self._needs(row)
            self._census.settled += not pending
            if pending != row.pending or row.missing:
                self._write(_UPDATE, pending, found.key)
        elif row.content_hash is None:  # never read: nothing is known of what it was
            self._write(_UPDATE_FILE, found.size, found.mtime_ns, ASK, found.key)
        elif row.pending != CHANGED or row.missing:
            self._write(_UPDATE, CHANGED, found.key)

    def miss(self, row: _Row) -> None:
        """A photo is not there any more."""
        self._census.missing += 1
        self._write(_MISS, row.path)

    def _needs(self, row: _Row) -> int:
        if row.error is not None:
            return 0 if row.failed_with == self._reader else ASK
        return 0 if row.bundle == self._bundle else ASK

    def _write(self, statement: str, *values: object) -> None:
        self._writes[statement].append(values)
        self._waiting += 1

    def commit_now_and_then(self) -> None:
        """Commit when a second is over, or when much waits."""
        if self._waiting and (
            self._waiting >= _MOST_WRITES or monotonic() - self._committed_at > _COMMIT_SECONDS
        ):
            self.commit()

    def commit(self) -> None:
        """Write what waits."""
        with self._catalog.transaction():
            for statement, values in self._writes.items():
                self._catalog.connection.executemany(statement, values)
        for values in self._writes.values():
            values.clear()
        self._waiting, self._committed_at = 0, monotonic()
