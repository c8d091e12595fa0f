"""Catalogs that older versions wrote: their tables are repeated here as they were."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from catalog_rows import known_photo

from whereshot.errors import CatalogError
from whereshot.library.catalog import Catalog
from whereshot.library.schema import APPLICATION_ID, MIGRATIONS

VERSION_1 = f"""
CREATE TABLE photos (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, content_hash BLOB,
    taken_at TEXT, camera TEXT NOT NULL DEFAULT '', latitude REAL, longitude REAL, radius_km REAL,
    bundle INTEGER REFERENCES bundles (number), verdict TEXT, predictions TEXT, error TEXT,
    written_at TEXT, missing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX photos_by_size ON photos (size);
CREATE TABLE bundles (number INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE);
CREATE TABLE landmarks (number INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE);
INSERT INTO bundles VALUES (4, 'old@1');
INSERT INTO landmarks VALUES (9, '{{"aliases": ["Old Peak"], "city": "", "country": "Peru",
    "country_code": "PE", "id": "machu_picchu", "kind": "built", "latitude": -13.1631,
    "longitude": -72.545, "name": "Machu Picchu", "radius_km": 2.0, "region": "Cusco",
    "wikidata": "Q676203"}}');
INSERT INTO photos VALUES (CAST('/photos/a.jpg' AS BLOB), 10, 20,
    x'00112233445566778899aabbccddeeff', '2024-03-01T12:00:00+01:00', 'Canon EOS R6',
    NULL, NULL, NULL, 4, 'landmark', '[[9,0.987]]', NULL, '2026-11-01T10:00:00+00:00', 0);
INSERT INTO photos VALUES (CAST('/photos/b.jpg' AS BLOB), 11, 21, NULL, NULL, '', NULL, NULL, NULL,
    NULL, NULL, NULL, 'is empty', NULL, 0);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""


VERSION_2 = f"""
{VERSION_1}
ALTER TABLE photos ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE photos ADD COLUMN failed_with TEXT;
ALTER TABLE photos ADD COLUMN certainty REAL;
CREATE INDEX photos_pending ON photos (path) WHERE pending;
CREATE INDEX photos_missing ON photos (path) WHERE missing;
UPDATE photos SET certainty = 0.75, pending = 0 WHERE verdict IS NOT NULL;
PRAGMA user_version = 2;
"""


def written(path: Path, script: str) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return path


def tables(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    columns = connection.execute("SELECT name, type FROM pragma_table_info('photos')").fetchall()
    connection.close()
    return [row[0] for row in rows] + columns


def test_version_1_is_brought_to_the_newest_with_everything_in_it(tmp_path):
    path = written(tmp_path / "old.sqlite", VERSION_1)
    with Catalog(path) as catalog:
        a, b = catalog.photos()
        assert catalog.read("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert (str(a.path), a.size, a.mtime_ns, a.camera) == ("/photos/a.jpg", 10, 20, "Canon EOS R6")
    assert a.content_hash == "00112233445566778899aabbccddeeff"
    assert a.taken_at.isoformat() == "2024-03-01T12:00:00+01:00"
    assert a.recognition.bundle == "old@1"
    assert a.recognition.predictions[0].landmark.aliases == ("Old Peak",)
    assert a.recognition.location.latitude == -13.1631
    assert a.written_at == "2026-11-01T10:00:00+00:00"
    assert (b.error, b.recognition) == ("is empty", None)


def test_photos_of_version_2_get_numbers_that_those_to_come_go_on_from(tmp_path):
    with Catalog(written(tmp_path / "old.sqlite", VERSION_2)) as catalog:
        assert [(photo.id, photo.decision) for photo in catalog.photos()] == [(1, None), (2, None)]
        assert next(catalog.photos()).certainty == 0.75
        catalog.put([known_photo(Path("/photos/0.jpg"))])
        assert [photo.id for photo in catalog.photos()] == [3, 1, 2]


@pytest.mark.parametrize("script", [VERSION_1, VERSION_2])
def test_a_catalog_of_every_older_version_gets_the_tables_of_a_new_one(tmp_path, script):
    with Catalog(tmp_path / "new.sqlite"):
        pass
    with Catalog(written(tmp_path / "old.sqlite", script)):
        pass
    assert tables(tmp_path / "old.sqlite") == tables(tmp_path / "new.sqlite")


def test_a_catalog_of_a_newer_whereshot_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "new.sqlite"
    with Catalog(path):
        pass
    written(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(CatalogError, match=f"versions up to {len(MIGRATIONS)}. Update whereshot"):
        Catalog(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_old_version(tmp_path, monkeypatch):
    path = written(tmp_path / "old.sqlite", VERSION_1)
    before = tables(path)
    monkeypatch.setattr(
        "whereshot.library.schema.MIGRATIONS",
        (*MIGRATIONS, ("CREATE TABLE more (x)", "CREATE TABLE photos (x)")),
    )
    with pytest.raises(CatalogError, match="already exists"):
        Catalog(path)
    assert tables(path) == before
    monkeypatch.undo()
    with Catalog(path) as catalog:
        assert len(list(catalog.photos())) == 2
