from __future__ import annotations

from pathlib import Path

from catalog_rows import answer, known_photo
from sidecars import packet, tag

from whereshot.library.files import RealFiles
from whereshot.library.positions import with_sidecar_positions
from whereshot.photo.sidecar import merge_place
from whereshot.records import Location

PARIS = (
    "<exif:GPSLatitude>48,51.5N</exif:GPSLatitude>",
    "<exif:GPSLongitude>2,17.7E</exif:GPSLongitude>",
)


def photo(folder: Path, name: str, sidecar: bytes | None = None, **known):
    path = folder / name
    path.write_bytes(b"photo")
    if sidecar is not None:
        path.with_name(f"{name}.xmp").write_bytes(sidecar)
    return known_photo(path, answer("machu_picchu"), size=5, mtime_ns=5, **known)


def test_a_position_in_the_sidecar_is_that_of_a_photo_without_one(tmp_path: Path) -> None:
    own = Location(45.0, 3.0, 0.05, "exif")
    photos = [
        photo(tmp_path, "bare.jpg"),
        photo(tmp_path, "mapped.jpg", packet(*PARIS)),
        photo(tmp_path, "gps.jpg", packet(*PARIS), own_location=own),
        photo(tmp_path, "words.jpg", packet("<photoshop:City>Paris</photoshop:City>")),
    ]
    found, problems = with_sidecar_positions(photos, RealFiles())
    assert problems == []
    assert [each.path for each in found] == [each.path for each in photos]
    bare, mapped, gps, words = (each.own_location for each in found)
    assert mapped is not None
    assert (round(mapped.latitude, 4), round(mapped.longitude, 4)) == (48.8583, 2.295)
    assert (bare, gps, words) == (None, own, None)


def test_a_position_that_whereshot_wrote_is_that_of_a_landmark(tmp_path: Path) -> None:
    written = merge_place(None, tag(write_gps=True))
    found, problems = with_sidecar_positions([photo(tmp_path, "a.jpg", written)], RealFiles())
    assert (found[0].own_location, problems) == (None, [])


def test_a_sidecar_that_is_no_xml_is_named_and_the_photos_go_on(tmp_path: Path) -> None:
    photos = [photo(tmp_path, "a.jpg", b"<x"), photo(tmp_path, "b.jpg", packet(*PARIS))]
    found, problems = with_sidecar_positions(photos, RealFiles())
    assert len(found) == 2
    assert found[1].own_location is not None
    assert [problem.path.name for problem in problems] == ["a.jpg"]
    assert "a.jpg': The sidecar is no well-formed XML" in problems[0].message
