"""`whereshot organize` as people run it: shown, asked, done, done once, taken back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plug import tree_of
from sidecars import bag, packet

Run = Callable[..., Any]


@pytest.fixture
def library(tmp_path: Path, paint: Callable[..., Path]) -> Path:
    """Red is the Golden Gate Bridge, green Machu Picchu, grey unknown; one has GPS in France."""
    folder = tmp_path / "photos"
    for name, color, gps in (
        ("a/IMG_1.jpg", "red", None),
        ("b/IMG_1.jpg", "red", None),
        ("b/IMG_2.jpg", "green", None),
        ("b/IMG_3.jpg", "grey", None),
        ("b/IMG_4.jpg", "grey", (45, 3)),
    ):
        paint(folder / name, color, gps=gps)
    # Two photos of one name, but not of one content.
    paint(folder / "b/IMG_1.jpg", "red", (80, 60))
    (folder / "a/IMG_1.jpg.xmp").write_bytes(packet(bag("dc:subject", "holiday")))
    return folder


@pytest.fixture
def organize(
    run: Run, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run the verb with the tiny bundle, and a home of its own."""
    monkeypatch.setenv("WHERESHOT_HOME", str(tmp_path / "home"))

    def call(*arguments: object, **options: Any) -> Any:
        return run("organize", *arguments, "--bundle", tiny_bundle, "--workers", 1, **options)

    return call


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_photos_are_copied_into_the_folders_of_their_place_once_and_back(
    organize: Callable[..., Any], run: Run, library: Path, tmp_path: Path
) -> None:
    before = tree_of(library)
    sorted_ = tmp_path / "sorted"
    done = organize(library, sorted_, "--yes")

    assert done.status == 0
    assert names(sorted_) == {
        "United States/San Francisco/Golden Gate Bridge/IMG_1.jpg",
        "United States/San Francisco/Golden Gate Bridge/IMG_1.jpg.xmp",
        "United States/San Francisco/Golden Gate Bridge/IMG_1-2.jpg",
        "Peru/Machu Picchu/IMG_2.jpg",
        "Unknown place/IMG_3.jpg",
        "France/Unknown place/IMG_4.jpg",
    }
    assert "Golden Gate Bridge  2" in done.out
    assert "(1 by their own GPS, 3 by a landmark, 1 of unknown place)" in done.err
    assert "5 photos organized; `whereshot undo 1` takes it back" in done.err
    assert tree_of(library) == before

    again = organize(library, sorted_, "--yes")
    assert (again.status, again.out) == (0, "")
    assert again.err == "0 photos to copy; 5 in their place already\n"

    assert run("undo").status == 0
    assert not sorted_.exists()
    assert tree_of(library) == before


def test_a_dry_run_shows_each_step_and_changes_nothing(
    organize: Callable[..., Any], library: Path, tmp_path: Path
) -> None:
    sorted_ = tmp_path / "sorted"
    done = organize(library, sorted_, "--dry-run", "--move", "--albums", tmp_path / "a.json")

    assert done.status == 0
    assert f"move  {library / 'b/IMG_2.jpg'} -> {sorted_ / 'Peru'}" in done.out
    assert not sorted_.exists()
    assert not (tmp_path / "a.json").exists()
    assert len(names(library)) == 6


def test_nobody_to_ask_is_wrong_usage_and_no_is_no(
    organize: Callable[..., Any],
    library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = organize(library, tmp_path / "sorted")
    assert done.status == 2
    assert "add --yes" in " ".join(done.err.replace("│", " ").split())

    monkeypatch.setattr("whereshot.cli.organize._is_asked", lambda: True)
    done = organize(library, tmp_path / "sorted", stdin=b"n\n")
    assert done.status == 1
    assert "Copy 5 photos? [y/N]" in done.err
    assert not (tmp_path / "sorted").exists()

    assert organize(library, tmp_path / "sorted", stdin=b"y\n").status == 0
    assert len(names(tmp_path / "sorted")) == 6


def test_moved_photos_come_back_with_undo(
    organize: Callable[..., Any], run: Run, library: Path, tmp_path: Path
) -> None:
    before = tree_of(library)
    assert (
        organize(library, tmp_path / "sorted", "--by", "{landmark}", "--move", "--yes").status == 0
    )
    assert names(library) == set()
    assert len(names(tmp_path / "sorted")) == 6

    run("undo")
    assert tree_of(library) == before


def test_a_position_in_a_sidecar_counts_like_the_photo_s_own(
    organize: Callable[..., Any], library: Path, tmp_path: Path
) -> None:
    france = (
        "<exif:GPSLatitude>45,0.0N</exif:GPSLatitude><exif:GPSLongitude>3,0.0E</exif:GPSLongitude>"
    )
    (library / "b/IMG_3.jpg.xmp").write_bytes(packet(france))
    (library / "b/IMG_2.xmp").write_bytes(b"no XML")
    done = organize(library, tmp_path / "sorted", "--yes")
    assert done.status == 0
    assert "France/Unknown place/IMG_3.jpg" in names(tmp_path / "sorted")
    assert "Peru/Machu Picchu/IMG_2.jpg" in names(tmp_path / "sorted")
    assert "IMG_2.jpg': The sidecar is no well-formed XML" in done.err


def test_albums_alone_need_no_destination(
    organize: Callable[..., Any], library: Path, tmp_path: Path
) -> None:
    targets = [tmp_path / "albums.json", tmp_path / "albums.csv"]
    done = organize(library, *(part for each in targets for part in ("--albums", each)))

    assert done.status == 0
    albums = json.loads(targets[0].read_text())["albums"]
    assert [(each["kind"], each["name"], len(each["photos"])) for each in albums] == [
        ("landmark", "Golden Gate Bridge", 2),
        ("landmark", "Machu Picchu", 1),
        ("city", "San Francisco, United States", 2),
        ("country", "France", 1),
        ("country", "Peru", 1),
        ("country", "United States", 2),
    ]
    with targets[1].open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--copy", "--move"), "only one of --copy, --link and --move"),
        ((), "say where to (DEST)"),
        (("--albums", "a.txt"), "must end with .json or .csv"),
    ],
)
def test_wrong_usage_is_said(
    organize: Callable[..., Any], library: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = organize(library, *arguments)

    assert done.status == 2
    assert words in " ".join(done.err.replace("│", " ").split())


def test_an_unknown_field_is_an_error_with_the_closest_one_before_any_photo_is_read(
    organize: Callable[..., Any], library: Path, tmp_path: Path
) -> None:
    done = organize(library, tmp_path / "sorted", "--by", "{contry}")

    assert done.status == 1
    assert "Did you mean {country}?" in done.err
    assert not (tmp_path / "home").exists()


def test_a_damaged_photo_is_named_and_the_others_go_on(
    organize: Callable[..., Any], library: Path, tmp_path: Path
) -> None:
    (library / "b/IMG_2.jpg").write_bytes(b"\xff\xd8\xff broken")
    done = organize(library, tmp_path / "sorted", "--yes")

    assert done.status == 1
    assert "IMG_2.jpg" in done.err
    assert len(names(tmp_path / "sorted")) == 5


def test_a_file_is_no_folder(organize: Callable[..., Any], library: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    done = organize(library, tmp_path / "file", "--yes")
    assert done.status == 1
    assert "is a file. Give a folder" in done.err
    done = organize(library / "a/IMG_1.jpg", tmp_path / "sorted", "--yes")
    assert "is a file. Give the folder that it is in" in done.err
    done = organize(tmp_path / "gone", tmp_path / "sorted", "--yes")
    assert done.status == 1
    assert "can't be found" in done.err
    assert done.err.count(str(tmp_path / "gone")) == 1
