"""`whereshot tag`, `undo` and `purge`, on a small library with all that lies around in one."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plug import tree_of
from sidecars import bag, packet

from whereshot.cli import tag as _tag
from whereshot.library.catalog import Catalog
from whereshot.library.files import RealFiles
from whereshot.photo.sidecar import parse_sidecar

Paint = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where catalog and journal of a test are."""
    folder = tmp_path / "home"
    monkeypatch.setenv("WHERESHOT_HOME", str(folder))
    return folder


@pytest.fixture
def library(tmp_path: Path, paint: Paint) -> Path:
    """Two landmarks, one photo of nothing, one with a sidecar, one with GPS far away."""
    root = tmp_path / "library"
    paint(root / "bridge.jpg", "red")
    paint(root / "nothing.jpg", "grey")
    paint(root / "trip" / "peru.png", "green")
    paint(root / "trip" / "falls.jpg", "blue", gps=(10, 20))
    sidecar = root / "trip" / "peru.png.xmp"
    sidecar.write_bytes(packet(bag("dc:subject", "holiday")))
    sidecar.chmod(0o640)
    os.utime(sidecar, ns=(1_600_000_000_123_456_789,) * 2)
    return root


@pytest.fixture
def tag(run, tiny_bundle: Path):
    """Run `tag` with the tiny bundle, in one worker."""

    def call(*arguments: object, **options: Any):
        return run("tag", *arguments, "--bundle", tiny_bundle, "--workers", 1, **options)

    return call


def test_tag_writes_sidecars_and_undo_leaves_every_byte_as_it_was(tag, run, library: Path) -> None:
    before = tree_of(library)
    status, out, err = tag(library)
    assert status == 0, err
    assert [line.split()[0] for line in out.splitlines()] == ["written", "review", "written"]
    counts = "4 photos: 2 written, 0 updated, 0 removed, 1 skipped, 1 review, 0 failed"
    assert f"{counts}; `whereshot undo 1`" in err
    peru = parse_sidecar((library / "trip" / "peru.png.xmp").read_bytes())
    assert peru.keywords == ("holiday", "Peru", "Cusco", "Machu Picchu")
    assert peru.own is not None
    assert peru.own.bundle == "tiny@1"
    assert (library / "trip" / "peru.png.xmp").stat().st_mode & 0o777 == 0o640
    changed = {name for name, entry in tree_of(library).items() if before.get(name) != entry}
    assert changed == {"bridge.jpg.xmp", "trip/peru.png.xmp"}  # no photo among them
    status, _, err = run("undo")
    assert status == 0
    assert "2 changes taken back, 0 left" in err
    assert tree_of(library) == before


def test_tag_writes_once(tag, run, library: Path) -> None:
    tag(library)
    after = tree_of(library)
    status, out, err = tag(library)
    assert status == 0
    assert "0 written, 0 updated, 0 removed, 3 skipped, 1 review" in err
    assert out.count("\n") == 1
    assert tree_of(library) == after
    assert run("undo", "--list").out.count("\n") == 1  # a run without changes is none


def test_a_dry_run_prints_the_differences_that_the_run_then_makes(tag, library: Path) -> None:
    before = tree_of(library)
    status, out, err = tag(library, "--dry-run")
    assert status == 0
    assert "nothing was changed" in err
    assert tree_of(library) == before
    added = [line[1:] for line in out.splitlines() if line.startswith("+") and line[:3] != "+++"]
    assert "--- /dev/null" in out
    tag(library)
    written = "".join(p.read_text() for p in sorted(library.rglob("*.xmp")))
    volatile = "whereshot:Date"
    for line in added:
        assert volatile in line or line.replace("\\ufeff", "\ufeff") in written.splitlines()
    assert len(added) > 100


def test_names_come_in_the_language_that_is_asked_for(tag, library: Path) -> None:
    assert tag(library, "--language", "de").status == 0
    keywords = parse_sidecar((library / "bridge.jpg.xmp").read_bytes()).keywords
    assert keywords == ("Vereinigte Staaten", "San Francisco", "Golden Gate Bridge")
    status, _, err = tag(library, "--language", "tlh")
    assert status == 1
    assert "Choose one of de, en" in err


def test_write_gps_gives_a_position_to_photos_without_one(tag, library: Path, paint: Paint) -> None:
    near = paint(library / "near.jpg", "red", gps=(38, -122))
    assert tag(library).status == 0
    assert tag(library, "--write-gps").status == 0
    given = parse_sidecar((library / "bridge.jpg.xmp").read_bytes()).gps
    assert given is not None
    assert (round(given.latitude, 3), given.radius_km) == (37.82, 3.0)
    assert parse_sidecar(Path(f"{near}.xmp").read_bytes()).gps is None


def rows_of(path: Path) -> dict[str, dict[str, Any]]:
    return {Path(row["photo"]).name: row for row in json.loads(path.read_text())["photos"]}


def test_the_report_has_a_row_for_each_photo_in_each_form(
    tag, library: Path, tmp_path: Path
) -> None:
    (library / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    reports = [tmp_path / f"report{suffix}" for suffix in (".json", ".csv", ".html")]
    for report in reports:
        assert tag(library, "--report", report).status == 1
    # The first of them has written, the others found it done.
    with reports[1].open(newline="") as file:
        rows = {Path(row["photo"]).name: row for row in csv.DictReader(file)}
    assert rows.keys() == {"bridge.jpg", "nothing.jpg", "peru.png", "falls.jpg", "broken.jpg"}
    first = rows_of(reports[0])
    assert first["bridge.jpg"]["outcome"] == "written"
    assert first["bridge.jpg"]["written_to"].endswith("bridge.jpg.xmp")
    assert first["falls.jpg"]["outcome"] == "review"
    assert "km from Niagara Falls" in first["falls.jpg"]["reason"]
    assert first["broken.jpg"]["outcome"] == "failed"
    assert rows["bridge.jpg"]["outcome"] == "skipped"
    page = reports[2].read_text()
    assert page.count("<tr class=") == 5
    assert "http" not in page.replace("https://exiftool", "")


def test_a_report_in_an_unknown_form_fails_before_anything_is_done(tag, library: Path) -> None:
    before = tree_of(library)
    status, _, err = tag(library, "--report", library / "report.pdf")
    assert status == 1
    assert "ends in .json, .csv, .html" in err
    assert tree_of(library) == before


def test_each_kind_of_trouble_is_a_row_and_the_others_are_tagged(
    tag, library: Path, tmp_path: Path, paint: Paint
) -> None:
    """A sidecar that is no XML, a FIFO, 3 GB, a link to nowhere, a name that is no text."""
    paint(library / "bad_sidecar.jpg", "red")
    (library / "bad_sidecar.jpg.xmp").write_bytes(b"dear diary")
    os.mkfifo(library / "pipe.jpg")
    with (library / "huge.jpg").open("wb") as file:
        file.truncate(3 << 30)
    (library / "lost.jpg").symlink_to(library / "nowhere.jpg")
    shutil.copy(library / "bridge.jpg", os.fsencode(library) + b"/\xff\n.jpg")
    report = tmp_path / "report.json"
    status, _, err = tag(library, "--report", report)
    assert status == 1
    rows = rows_of(report)
    failed = {name for name, row in rows.items() if row["outcome"] == "failed"}
    assert failed == {"bad_sidecar.jpg", "pipe.jpg", "huge.jpg", "lost.jpg"}
    assert all(rows[name]["reason"] for name in failed)
    assert rows["bridge.jpg"]["outcome"] == "written"
    assert rows["\\xff\n.jpg"]["outcome"] == "written"
    assert (library / "bad_sidecar.jpg.xmp").read_bytes() == b"dear diary"
    assert "\\xff\\n.jpg" not in err


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Nothing can be written into a folder: as a mount says it, which root is told too."""
    real = RealFiles.check_writable

    def make(folder: Path) -> None:
        def check(files: RealFiles, asked: Path) -> None:
            if asked == folder:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(asked))
            real(files, asked)

        monkeypatch.setattr(RealFiles, "check_writable", check)

    return make


def test_a_folder_that_is_read_only_is_named_before_the_others_are_written(
    tag, library: Path, tmp_path: Path, read_only: Callable[[Path], None]
) -> None:
    read_only(library / "trip")
    report = tmp_path / "report.json"
    status, _, err = tag(library, "--report", report)
    assert status == 1
    assert err.splitlines()[0].startswith("whereshot: nothing can be written into")
    rows = rows_of(report)
    assert rows["peru.png"]["reason"] == "its folder can't be written to: Read-only file system"
    assert rows["bridge.jpg"]["outcome"] == "written"


def test_a_read_only_folder_is_named_before_any_photo_is_looked_at(
    tag, library: Path, monkeypatch: pytest.MonkeyPatch, read_only: Callable[[Path], None]
) -> None:
    read_only(library / "trip")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_tag, "look_at_photos", stop)
    status, _, err = tag(library)
    assert status == 130
    assert err == (
        f"whereshot: nothing can be written into '{library / 'trip'}': Read-only file system\n"
    )


def test_a_catalog_elsewhere_is_used(tag, library: Path, tmp_path: Path, home: Path) -> None:
    assert tag(library, "--catalog", tmp_path / "mine.sqlite").status == 0
    assert (tmp_path / "mine.sqlite").is_file()
    assert not (home / "catalog.sqlite").exists()


def test_undo_keeps_what_somebody_changed_since_and_says_so(tag, run, library: Path) -> None:
    tag(library)
    changed = library / "bridge.jpg.xmp"
    content = changed.read_bytes().replace(b"San Francisco", b"Sausalito")
    changed.write_bytes(content)
    status, _, err = run("undo")
    assert status == 1
    assert "bridge.jpg.xmp stays: it was changed since" in err
    assert changed.read_bytes() == content
    assert parse_sidecar((library / "trip" / "peru.png.xmp").read_bytes()).own is None
    assert "taken back but for 1" in run("undo", "--list").out
    status, _, err = run("undo")
    assert status == 1
    assert "There is no run to take back" in err
    assert run("undo", "99").err.startswith("whereshot: The journal has no run 99.")


def test_purge_takes_every_trace_out_without_catalog_and_journal(
    tag, run, library: Path, home: Path
) -> None:
    before = {name: entry[1] for name, entry in tree_of(library).items() if entry[0] == "file"}
    tag(library)
    shutil.rmtree(home)
    status, out, err = run("purge", library, "--dry-run")
    assert status == 0
    assert out.count("\n") == 2
    status, out, err = run("purge", library)
    assert status == 0
    assert "1 sidecars removed, 1 files cleaned, 0 failed; `whereshot undo 1` undoes it" in err
    after = {name: entry[1] for name, entry in tree_of(library).items() if entry[0] == "file"}
    assert after == before
    assert "0 sidecars removed, 0 files cleaned" in run("purge", library).err
    assert run("undo").status == 0
    assert (library / "bridge.jpg.xmp").is_file()


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("verb", ["undo", "purge"])
def test_the_catalog_learns_what_is_not_written_any_more(
    tag, run, library: Path, tmp_path: Path, verb: str, elsewhere: bool
) -> None:
    options = ["--catalog", tmp_path / "mine.sqlite"] if elsewhere else []
    tag(library, *options)
    with Catalog(*options[1:]) as known:
        assert known.written() == [library / "bridge.jpg", library / "trip" / "peru.png"]
    if verb == "purge":
        assert run("purge", library, "--dry-run", *options).status == 0
        with Catalog(*options[1:]) as known:
            assert len(known.written()) == 2
    assert run(verb, *([library / "trip"] if verb == "purge" else []), *options).status == 0
    with Catalog(*options[1:]) as known:
        assert known.written() == ([library / "bridge.jpg"] if verb == "purge" else [])


@pytest.mark.parametrize(
    ("arguments", "done"),
    [(["undo"], "2 changes taken back"), (["purge", "."], "1 sidecars removed, 1 files cleaned")],
)
def test_a_damaged_catalog_keeps_nobody_from_the_way_back(
    tag, run, library: Path, home: Path, monkeypatch, arguments: list[str], done: str
) -> None:
    tag(library)
    (home / "catalog.sqlite").write_bytes(b"no database" * 1000)
    monkeypatch.chdir(library)
    status, _, err = run(*arguments)
    assert status == 1
    assert done in err
    assert "file is not a database" in err
    assert not (library / "bridge.jpg.xmp").exists()


@pytest.mark.parametrize("arguments", [["undo"], ["purge", "."]])
def test_a_catalog_that_is_not_there_is_said(run, tmp_path: Path, arguments: list[str]) -> None:
    missing = tmp_path / "nowhere.sqlite"
    status, _, err = run(*arguments, "--catalog", missing)
    assert status == 1
    assert err == (
        f"whereshot: There is no catalog {str(missing)!r}. "
        "Name the one that was given to `whereshot tag`.\n"
    )
    assert not missing.exists()


def test_purge_passes_by_what_is_not_whereshots_and_names_what_it_cannot_read(
    run, library: Path
) -> None:
    (library / "other.xmp").write_bytes(b"no XML at all")
    (library / "ours_once.xmp").write_bytes(b"<broken urn:whereshot:xmp:1.0/")
    os.mkfifo(library / "pipe.xmp")
    before = tree_of_files(library)
    status, _, err = run("purge", library, library / "nowhere")
    assert status == 1
    assert "ours_once.xmp: " in err
    assert "nowhere: it is not there" in err
    assert "other.xmp" not in err
    assert tree_of_files(library) == before


def tree_of_files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_in_place_writes_into_photos_and_undo_and_purge_take_it_out(
    tag, run, library: Path, exiftool: str
) -> None:
    before = tree_of(library)
    status, _, err = tag(library, "--in-place", "--yes")
    assert status == 0, err
    assert not (library / "bridge.jpg.xmp").exists()
    assert (library / "bridge.jpg_original").is_file()
    said = subprocess.run(
        [exiftool, "-s3", "-XMP-dc:Subject", "-XMP-iptcExt:LocationShownLocationName",
         library / "bridge.jpg"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.split("\n")[:2] == [
        "United States, San Francisco, Golden Gate Bridge",
        "Golden Gate Bridge",
    ]
    photo, kept = library / "bridge.jpg", library / "bridge.jpg_original"
    assert photo.stat().st_mtime_ns == kept.stat().st_mtime_ns == before["bridge.jpg"][3]
    assert kept.read_bytes() == before["bridge.jpg"][1]
    assert "0 written, 0 updated" in tag(library, "--in-place", "--yes").err
    status, out, err = run("purge", library, "--in-place")
    assert status == 0
    assert f"cleaned  {photo}\n" in out
    assert "removed" not in out, "a photo never is"
    assert err.startswith("0 sidecars removed, ")
    said = subprocess.run([exiftool, "-XMP:all", photo], capture_output=True, check=True)
    assert said.stdout == b""
    assert run("undo").status == 0
    assert run("undo").status == 0
    assert tree_of(library) == before


def test_in_place_is_refused_where_nobody_can_be_asked_and_without_exiftool(
    tag, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exiftool: str
) -> None:
    before = tree_of(library)
    status, _, err = tag(library, "--in-place")
    assert status == 2
    assert "add --yes" in err
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = tag(library, "--in-place", "--yes")
    assert status == 1
    assert "exiftool is not installed" in err
    assert tree_of(library) == before


def test_two_runs_at_once_are_refused(tag, library: Path) -> None:
    from whereshot.library.journal import Journal

    with Journal() as journal, journal.begin("other", RealFiles()):
        status, _, err = tag(library)
    assert status == 1
    assert f"Another whereshot (process {os.getpid()}) is changing files" in err
    assert tag(library).status == 0


@pytest.mark.slow
def test_a_run_that_is_killed_is_taken_back_and_the_next_one_goes_on(
    tag, run, command, library: Path, paint: Paint, tiny_bundle: Path
) -> None:
    for number in range(150):
        paint(library / f"{number:03}.jpg", "red", size=(64, 48 + number))
    tag(library, "--dry-run")  # recognized once: what is killed below is the writing
    before = tree_of(library)
    for _ in range(2):
        killed = subprocess.Popen(
            command("tag", str(library), "--bundle", tiny_bundle, "--workers", "1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert killed.stdout is not None
        for _ in range(20):
            killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        killed.stdout.close()
        time.sleep(0.1)
        written = len(list(library.rglob("*.xmp")))
        assert 20 <= written < 153
    assert tag(library).status == 0
    assert not [name for name in tree_of(library) if ".whereshot-" in name]
    assert len(list(library.rglob("*.xmp"))) == 152
    for _ in range(3):
        assert run("undo").status == 0
    assert tree_of(library) == before
