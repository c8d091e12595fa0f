"""The catalog's tables, and how a catalog of an older version gets them.

The version is SQLite's `user_version`. `MIGRATIONS[n]` makes version n + 1 out of version n, so
what was released once never changes: a new version is a new entry at the end.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from whereshot.errors import CatalogError

APPLICATION_ID = 0x77687372  # "whsr": how a catalog is told from any other program's database
BUSY_SECONDS = 30.0  # another run commits every second or so

_VERSION_1 = (
    # `path` is os.fsencode of the absolute path. The answer is (bundle, verdict, predictions), the
    # last as JSON [[landmark number, probability], ...]. Photos that were not found any more keep
    # their rows as `missing`: a disk comes back, and what was moved is known by its content.
    """
    CREATE TABLE photos (
        path BLOB PRIMARY KEY,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        content_hash BLOB,
        taken_at TEXT,
        camera TEXT NOT NULL DEFAULT '',
        latitude REAL,
        longitude REAL,
        radius_km REAL,
        bundle INTEGER REFERENCES bundles (number),
        verdict TEXT,
        predictions TEXT,
        error TEXT,
        written_at TEXT,
        missing INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID
    """,
    # Equal content has equal size: with this, a moved photo is found without an index of hashes.
    "CREATE INDEX photos_by_size ON photos (size)",
    "CREATE TABLE bundles (number INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE)",
    # Each landmark is written once, not five times a photo.
    "CREATE TABLE landmarks (number INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE)",
)

_VERSION_2 = (
    # What is left to do: nothing, ask the network (1), or read the file anew (2: what is known is
    # of the content that it had before, which may be found elsewhere).
    "ALTER TABLE photos ADD COLUMN pending INTEGER NOT NULL DEFAULT 0",
    # Which reader could not read it: another version may. Empty if it may only have been the disk.
    "ALTER TABLE photos ADD COLUMN failed_with TEXT",
    # What the verdict went by; part of the answer.
    "ALTER TABLE photos ADD COLUMN certainty REAL",
    "CREATE INDEX photos_pending ON photos (path) WHERE pending",
    "CREATE INDEX photos_missing ON photos (path) WHERE missing",
)

_VERSION_3 = (
    # By which a photo is named where its path must not be told. Never given twice: who still has
    # the number of a photo that is gone must not come to another one.
    "ALTER TABLE photos ADD COLUMN id INTEGER",
    """
    UPDATE photos SET id = numbered.id
    FROM (SELECT path, row_number() OVER (ORDER BY path) AS id FROM photos) AS numbered
    WHERE numbered.path = photos.path
    """,
    "CREATE UNIQUE INDEX photos_by_id ON photos (id)",
    "CREATE TABLE last_id (id INTEGER NOT NULL)",
    "INSERT INTO last_id SELECT coalesce(max(id), 0) FROM photos",
    """
    CREATE TRIGGER photos_get_an_id AFTER INSERT ON photos
    BEGIN
        UPDATE last_id SET id = id + 1;
        UPDATE photos SET id = (SELECT id FROM last_id) WHERE path = NEW.path;
    END
    """,
    # What a person said of it: 'accepted' or 'rejected', and which landmark that is about.
    "ALTER TABLE photos ADD COLUMN decision TEXT",
    "ALTER TABLE photos ADD COLUMN decided INTEGER REFERENCES landmarks (number)",
    # What was written beside it last, and by which run of the journal.
    "ALTER TABLE photos ADD COLUMN written_as INTEGER REFERENCES landmarks (number)",
    "ALTER TABLE photos ADD COLUMN written_in INTEGER",
    """
    UPDATE photos SET written_as = json_extract(predictions, '$[0][0]')
    WHERE written_at IS NOT NULL
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2, _VERSION_3)


def open_database(path: Path) -> sqlite3.Connection:
    """Open a catalog, make it if there is none, and bring it to the newest version.

    Raises CatalogError: it is of a newer whereshot, or it is no catalog; nothing is changed then.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise CatalogError(
            f"The catalog {str(path)!r} can't be opened: {error}. "
            "Check the folder, or name another file with --catalog."
        ) from error
    try:
        _check_owner(connection, path)
        # On disks where the log can't be shared, such as network drives, SQLite stays as it was.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut costs a second of work
        _migrate(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise CatalogError(
            f"The catalog {str(path)!r} can't be used: {error}. "
            "Move it away to begin a new one, or name another file with --catalog."
        ) from error
    except CatalogError:
        connection.close()
        raise
    return connection


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    if tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise CatalogError(
            f"{str(path)!r} is the database of another program, not a catalog of whereshot. "
            "Name another file with --catalog; this one was not touched."
        )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "user_version") == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _pragma(connection, "user_version")  # another process may have been faster
        if version > len(MIGRATIONS):
            raise CatalogError(
                f"The catalog {str(path)!r} has version {version}, this whereshot knows versions "
                f"up to {len(MIGRATIONS)}. Update whereshot, or name another file with --catalog."
            )
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
