"""`whereshot map` as people run it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sidecars import packet


@pytest.fixture
def draw(
    run: Callable[..., Any], tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run the verb with the tiny bundle, and a home of its own."""
    monkeypatch.setenv("WHERESHOT_HOME", str(tmp_path / "home"))

    def call(*arguments: object) -> Any:
        return run("map", *arguments, "--bundle", tiny_bundle, "--workers", 1)

    return call


def data_in(page: Path) -> Any:
    found = re.search(r'id="photo-data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])


def test_a_map_of_a_library_is_one_file(
    draw: Callable[..., Any], tmp_path: Path, paint: Callable[..., Path]
) -> None:
    paint(tmp_path / "photos/red.jpg", "red")
    paint(tmp_path / "photos/grey.jpg", "grey")
    paint(tmp_path / "photos/gps.jpg", "grey", gps=(45, 3))
    placed = paint(tmp_path / "photos/placed.jpg", "grey")
    position = (
        "<exif:GPSLatitude>45,0N</exif:GPSLatitude><exif:GPSLongitude>3,0E</exif:GPSLongitude>"
    )
    placed.with_suffix(".jpg.xmp").write_bytes(packet(position))
    target = tmp_path / "map.html"
    done = draw(tmp_path / "photos", "-o", target, "--thumbnails", 1)

    assert done.status == 0
    assert "3 photos on the map, 1 without a place, 1 with a thumbnail; " in done.err
    data = data_in(target)
    assert data["photos"]["href"] == ["./photos/gps.jpg", "./photos/placed.jpg", "./photos/red.jpg"]
    assert data["photos"]["source"] == ["gps", "gps", "landmark"]
    assert "<title>photos</title>" in target.read_text(encoding="utf-8")

    done = draw(tmp_path / "photos", "-o", target, "--title", "Trip <1>")
    assert done.status == 0  # a map is replaced by the next
    assert "<title>Trip &lt;1&gt;</title>" in target.read_text(encoding="utf-8")


def test_another_file_is_not_replaced_and_another_ending_is_wrong_usage(
    draw: Callable[..., Any], tmp_path: Path, paint: Callable[..., Path]
) -> None:
    photo = paint(tmp_path / "photos/red.jpg", "red")
    content = photo.read_bytes()
    mine = tmp_path / "mine.html"
    mine.write_text("<title>mine</title>")

    done = draw(tmp_path / "photos", "-o", photo)
    assert (done.status, photo.read_bytes()) == (2, content)
    done = draw(tmp_path / "photos", "-o", mine)
    assert done.status == 1
    assert "is no map of whereshot's" in done.err
    assert mine.read_text() == "<title>mine</title>"
    assert draw(tmp_path / "photos", "-o", tmp_path / "gone" / "map.html").status == 1


def test_a_damaged_photo_is_named_and_the_map_is_written(
    draw: Callable[..., Any], tmp_path: Path, paint: Callable[..., Path]
) -> None:
    paint(tmp_path / "photos/red.jpg", "red")
    (tmp_path / "photos/broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    done = draw(tmp_path / "photos", "-o", tmp_path / "map.html")

    assert done.status == 1
    assert "broken.jpg" in done.err
    assert data_in(tmp_path / "map.html")["photos"]["name"] == ["red.jpg"]
