"""Albums as data for other programs."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from library_photos import catalog_photo

from whereshot.library.albums import COLUMNS, find_albums, to_csv, to_json
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.places import PlaceFinder

PHOTOS = [
    *(
        catalog_photo(f"/p/{n}.jpg", landmark="taj_mahal", taken=f"2024-03-03T1{9 - n}:00")
        for n in range(5)
    ),
    catalog_photo("/p/paris.jpg", gps=(48.8606, 2.3376)),
    catalog_photo("/p/sea.jpg", gps=(30.0, -40.0)),
    catalog_photo("/p/nowhere.jpg", landmark="petra", unknown=True),
]
PLACES = PlaceFinder().places(PHOTOS)


def test_there_is_an_album_for_each_landmark_city_country_and_trip() -> None:
    albums = find_albums(PHOTOS, PLACES)

    assert [(album.kind, album.name, len(album.photos)) for album in albums] == [
        ("landmark", "Taj Mahal", 5),
        ("city", "Agra, India", 5),
        ("city", "Paris, France", 1),
        ("country", "France", 1),
        ("country", "India", 5),
        ("trip", "Agra, March 2024", 5),
    ]
    assert albums[0].photos[0] == Path("/p/4.jpg")  # the first that was taken


def test_json_has_the_albums_and_what_is_known_of_their_photos() -> None:
    record = json.loads(to_json(find_albums(PHOTOS, PLACES), PHOTOS, PLACES))

    assert record["albums"][2] == {
        "name": "Paris, France",
        "kind": "city",
        "photos": ["/p/paris.jpg"],
    }
    assert record["photos"]["/p/0.jpg"]["source"] == "landmark"
    assert record["photos"]["/p/0.jpg"]["certainty"] == 0.97
    assert record["photos"]["/p/paris.jpg"]["latitude"] == 48.8606
    assert "/p/sea.jpg" not in record["photos"]  # in no album


def test_csv_has_a_row_for_each_photo_of_each_album() -> None:
    albums = find_albums(PHOTOS, PLACES)
    rows = list(csv.DictReader(io.StringIO(to_csv(albums, PHOTOS, PLACES).decode(), newline="")))

    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == sum(len(album.photos) for album in albums)
    assert rows[0]["album"] == "Taj Mahal"
    assert rows[0]["taken_at"] == "2024-03-03T15:00:00"
    assert {row["certainty"] for row in rows if row["album"] == "Paris, France"} == {""}


def test_odd_names_survive_and_no_cell_is_a_formula() -> None:
    odd = catalog_photo(Path(os.fsdecode(b'=cmd|\xff",\n.jpg')), landmark="taj_mahal")
    places = PlaceFinder().places([odd])
    albums = find_albums([odd], places)
    content = to_csv(albums, [odd], places)
    text = content.decode("utf-8", "surrogateescape")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert rows[0]["photo"] == "'" + str(odd.path)
    assert json.loads(to_json(albums, [odd], places))["albums"][0]["photos"] == [str(odd.path)]


def test_no_photos_are_no_albums() -> None:
    photos: list[CatalogPhoto] = []

    assert find_albums(photos, {}) == ()
    assert json.loads(to_json((), photos, {})) == {"albums": [], "photos": {}}
    assert to_csv((), photos, {}).decode().strip() == ",".join(COLUMNS)
