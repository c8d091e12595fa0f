"""What a person says a photo shows, where the recognizer said something else.

It is the person's own data and stays in their folder. A photo is known again by the SHA-256 of its
bytes; neither the photo nor its name is kept.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Collection, Generator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from whereshot.errors import CorrectionError
from whereshot.home import user_home
from whereshot.records import Landmark

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0
_AT_ONCE = 500  # of a query's parameters; SQLite takes at least 999
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TABLE = """
CREATE TABLE IF NOT EXISTS corrections (
    photo TEXT PRIMARY KEY,
    landmark TEXT,           -- JSON, or null: no landmark is in the photo
    answered TEXT NOT NULL,  -- the id of what the recognizer had said; empty where it was unsure
    said TEXT NOT NULL       -- an ISO date
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word on one photo.

    `photo` is its SHA-256. `landmark` is what it shows, None for no landmark at all. `answered` is
    the id of the landmark that the recognizer had named, "" for none. `said` is an ISO date.
    """

    photo: str
    landmark: Landmark | None
    answered: str
    said: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.photo):
            raise ValueError(f"photo must be a SHA-256 in lower case, got {self.photo!r:.80}")
        date.fromisoformat(self.said)


class CorrectionStore:
    """The corrections of one person: an SQLite file, made when the first one is kept.

    It lies in the user's own folder unless a `path` is given. Each method raises `CorrectionError`
    where the file can't be used; `recall` doesn't.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; it need not exist yet."""
        return self._path or user_home() / "corrections.sqlite"

    def keep(self, correction: Correction) -> None:
        """Keep a correction, in the place of an earlier one of the same photo."""
        landmark = correction.landmark
        row = (
            correction.photo,
            None if landmark is None else json.dumps(asdict(landmark), ensure_ascii=False),
            correction.answered,
            correction.said,
        )
        with self._open(make=True) as database:
            database.execute("INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?)", row)

    def drop(self, photo: str) -> bool:
        """Take a correction back; False if there is none of this photo."""
        if not self.path.exists():
            return False
        with self._open() as database:
            return (
                database.execute("DELETE FROM corrections WHERE photo = ?", (photo,)).rowcount > 0
            )

    def get(self, photos: Collection[str]) -> dict[str, Correction]:
        """The corrections of these photos, by their SHA-256; those without one are left out."""
        wanted, found = list(photos), dict[str, Correction]()
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            query = f"SELECT * FROM corrections WHERE photo IN ({marks})"  # noqa: S608 - marks only
            found |= {one.photo: one for one in self._read(query, part)}
        return found

    def recall(self, photos: Collection[str]) -> dict[str, Correction]:
        """As `get`, for who has an answer to give anyway: a damaged file is logged as a warning."""
        try:
            return self.get(photos)
        except CorrectionError as error:
            logger.warning("%s", error)
            return {}

    def all(self) -> tuple[Correction, ...]:
        """Every correction, the latest first."""
        return tuple(self._read("SELECT * FROM corrections ORDER BY said DESC, photo", ()))

    def _read(self, query: str, values: Collection[str]) -> list[Correction]:
        if not self.path.exists():
            return []
        with self._open() as database:
            return [_from_row(*row) for row in database.execute(query, tuple(values))]

    @contextmanager
    def _open(self, *, make: bool = False) -> Generator[sqlite3.Connection]:
        """A connection of its own: calls come from many threads, and rarely."""
        try:
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with (
                closing(sqlite3.connect(self.path, timeout=_PATIENCE_SECONDS)) as database,
                database,
            ):
                database.execute(_TABLE)
                yield database
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            raise CorrectionError(
                f"The corrections in '{self.path}' can't be used: {error}. Make the file writable, "
                "or move it away to begin anew"
            ) from error


def _from_row(photo: str, landmark: str | None, answered: str, said: str) -> Correction:
    return Correction(photo, _landmark(landmark), answered, said)


def _landmark(text: str | None) -> Landmark | None:
    if text is None:
        return None
    fields: dict[str, Any] = json.loads(text)
    aliases = tuple(fields.pop("aliases", ()))
    return Landmark(**fields, aliases=aliases)
