"""`whereshot enroll` and `landmarks --enrolled`, from the argument list to the exit status."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from whereshot.recognize import read_bundle, store_of

# Of two channels that are as strong as each other: the bundle takes it for none of its landmarks.
PURPLE = (160, 0, 160)


@pytest.fixture
def castle(tmp_path: Path) -> Path:
    """A folder with four photos of a castle, and what else lies around."""
    folder = tmp_path / "castle"
    folder.mkdir()
    for number in range(4):
        shade = (PURPLE[0] + number, number, PURPLE[2] + number)
        Image.new("RGB", (64, 48), shade).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("Dear diary")
    return folder


@pytest.fixture
def enroll(run: Callable[..., Any], tiny_bundle: Path) -> Callable[..., Any]:
    """Run `enroll` with the tiny bundle."""
    return lambda *arguments: run("enroll", *arguments, "--bundle", tiny_bundle)


@pytest.fixture
def listed(run: Callable[..., Any], tiny_bundle: Path) -> Callable[..., list[dict[str, Any]]]:
    """The records of `landmarks --enrolled --json`."""

    def call(*arguments: object) -> list[dict[str, Any]]:
        status, out, _ = run(
            "landmarks", "--enrolled", "--bundle", tiny_bundle, "--json", *arguments
        )
        assert status == 0
        return [json.loads(line) for line in out.splitlines()]

    return call


AT = ("--at", "51.929,-8.571")


def test_a_landmark_is_taught_and_listed(enroll, listed, castle: Path) -> None:
    done = enroll("Blarney Castle", *AT, "--radius-km", "0.4", "--country", "IE", castle)
    assert done.status == 0
    assert done.err == ""
    assert done.out == (
        "Blarney Castle (blarney_castle): Cork, Ireland, 51.9290, -8.5710, radius 0.4 km\n"
        "tiny@1 knows it from 4 photos, 4 of them new, in one view\n"
    )
    (record,) = listed()
    assert (record["id"], record["photos"], record["bundle"]) == ("blarney_castle", 4, "tiny@1")
    assert (record["country"], record["radius_km"]) == ("Ireland", 0.4)


def test_every_field_can_be_said(enroll, listed, castle: Path) -> None:
    done = enroll(
        *("Blarney Castle", castle, *AT, "--country", "Ireland", "--city", "Blarney"),
        *("--region", "Munster", "--wikidata", "Q883998", "--kind", "natural"),
        *("--alias", "Caisleán na Blarnan", "--alias", "The Castle"),
    )
    assert done.status == 0
    (record,) = listed()
    assert record["city"] == "Blarney"
    assert record["region"] == "Munster"
    assert record["wikidata"] == "Q883998"
    assert record["kind"] == "natural"
    assert record["aliases"] == ["Caisleán na Blarnan", "The Castle"]


def test_json_says_all_that_came_of_it(enroll, castle: Path) -> None:
    missing = castle / "missing.jpg"
    status, out, err = enroll("Blarney Castle", *AT, castle, missing, "--json")
    assert status == 1
    assert "missing.jpg" in err
    record = json.loads(out)
    assert record["id"] == "blarney_castle"
    assert (record["bundle"], record["photos"], record["added"]) == ("tiny@1", 4, 4)
    assert (record["views"], record["warnings"]) == (1, [])
    (failure,) = record["failures"]
    assert failure["photo"] == str(missing)
    assert failure["error"]["type"] == "PhotoNotFoundError"


def test_photos_are_added_without_saying_the_place_again(enroll, listed, castle: Path) -> None:
    enroll("Blarney Castle", *AT, castle / "0.png", castle / "1.png")
    done = enroll("blarney castle", castle)
    assert done.status == 0
    assert "from 4 photos, 2 of them new" in done.out
    assert len(listed()) == 1


def test_warnings_go_to_stderr_and_many_of_a_kind_are_counted(
    enroll, castle: Path, tmp_path: Path, paint: Callable[..., Path]
) -> None:
    for number in range(5):
        paint(tmp_path / "red" / f"{number}.jpg", "red", size=(64, 48 + number))
    status, out, err = enroll("Blarney Castle", *AT, castle, tmp_path / "red")
    assert status == 0
    assert "from 9 photos" in out
    warnings = err.splitlines()
    assert len(warnings) == 4
    assert all(line.startswith("whereshot: warning: ") for line in warnings)
    assert "looks like Golden Gate Bridge (golden_gate_bridge)" in warnings[0]
    assert warnings[3] == "whereshot: warning: and 2 more like this; --json names them"


def test_an_error_is_one_line_and_leaves_nothing(enroll, listed, castle: Path) -> None:
    for arguments, expected in (
        (("Blarney Castle", castle), "Where is 'Blarney Castle'?"),
        (("Golden Gate Bridge", *AT, castle), "tiny@1 knows 'Golden Gate Bridge' already"),
        (("Blarney Castle", *AT, castle / "nowhere.jpg"), "could be read"),
        (("Blarney Castle", *AT, castle, "--country", "Atlantis"), "No country 'Atlantis'"),
        (("Blarney Castle", *AT, castle, "--radius-km", "-1"), "above 0 km"),
    ):
        status, out, err = enroll(*arguments)
        assert status == 1
        assert out == ""
        assert expected in err
        assert err.count("\n") == 1
    assert listed() == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["Blarney Castle"],
        ["Blarney Castle", "a.jpg", "--refresh"],
        ["Blarney Castle", "a.jpg", "--import", "file"],
        ["--import", "file", "--refresh"],
        ["Blarney Castle", "a.jpg", "--at", "here"],
        ["Blarney Castle", "a.jpg", "--at", "91,0"],
        ["Blarney Castle", "a.jpg", "--kind", "ruin"],
    ],
)
def test_wrong_usage_exits_with_2(enroll, arguments: list[str]) -> None:
    assert enroll(*arguments).status == 2


def test_what_was_exported_is_imported(
    run, enroll, listed, tiny_bundle: Path, castle: Path, tmp_path: Path
) -> None:
    enroll("Blarney Castle", *AT, castle)
    target = tmp_path / "castles.whereshot"
    export = ("landmarks", "--enrolled", "--bundle", tiny_bundle, "--export", target)
    status, out, err = run(*export)
    assert (status, out) == (0, "")
    assert "1 landmarks from 4 photos, without the photos themselves" in err
    assert run(*export).status == 1, "what is there is not written over"
    assert run("forget", "Blarney Castle", "--bundle", tiny_bundle).status == 0
    assert listed() == []
    done = enroll("--import", target)
    assert done.status == 0
    assert done.out.startswith("Blarney Castle (blarney_castle): Cork")
    assert [record["photos"] for record in listed()] == [4]
    assert [json.loads(enroll("--import", target, "--json").out)["id"]] == ["blarney_castle"]


@pytest.mark.parametrize("content", [b"", b"Dear diary", b"PK\3\4"])
def test_a_foreign_file_is_refused_and_changes_nothing(
    enroll, listed, castle: Path, tmp_path: Path, content: bytes
) -> None:
    enroll("Blarney Castle", *AT, castle)
    before = listed()
    (tmp_path / "file").write_bytes(content)
    status, out, err = enroll("--import", tmp_path / "file")
    assert (status, out) == (1, "")
    assert "is damaged, or is no file of enrolled landmarks" in err
    assert err.count("\n") == 1
    assert listed() == before


def test_refresh_has_nothing_to_do_where_the_network_is_the_same(enroll, castle: Path) -> None:
    enroll("Blarney Castle", *AT, castle)
    status, out, err = enroll("--refresh")
    assert (status, out) == (0, "")
    assert err == "All that was enrolled is of the network of tiny@1\n"


def test_refresh_learns_again_what_another_network_learned(
    enroll, listed, tiny_bundle: Path, castle: Path
) -> None:
    import dataclasses

    enroll("Blarney Castle", *AT, castle)
    store = store_of(read_bundle(tiny_bundle))
    store.replace(dataclasses.replace(store.read()[0], model_sha256="0" * 64, bundle="tiny@9"))
    done = enroll("--refresh", "--json")
    assert done.status == 0
    assert json.loads(done.out)["bundle"] == "tiny@1"
    store.replace(dataclasses.replace(store.read()[0], model_sha256="0" * 64).without_pictures())
    done = enroll("--refresh")
    assert (done.status, done.out) == (1, "")
    assert "without the pictures it can't be learned again" in done.err


# -- landmarks --enrolled --------------------------------------------------------------------


def test_nothing_enrolled_is_no_error(run, tiny_bundle: Path) -> None:
    for form in ([], ["--json"]):
        status, out, err = run("landmarks", "--enrolled", "--bundle", tiny_bundle, *form)
        assert (status, out) == (0, "")
        assert err == "Nothing is enrolled yet: whereshot enroll --help says how\n"


def test_the_table_shows_photos_and_date(run, enroll, tiny_bundle: Path, castle: Path) -> None:
    enroll("Blarney Castle", *AT, castle)
    status, out, _ = run("landmarks", "--enrolled", "--bundle", tiny_bundle)
    assert status == 0
    row = next(line for line in out.splitlines() if "Blarney" in line)
    cells = [cell.strip() for cell in row.split("  ") if cell.strip()]
    assert cells[:6] == ["Blarney Castle", "Cork, Ireland", "51.9290, -8.5710", "0.5 km", "built",
                         "4"]  # fmt: skip
    assert cells[6].endswith(", tiny@1")


def test_enrolled_landmarks_are_searched_like_others(enroll, listed, castle: Path) -> None:
    enroll("Blarney Castle", *AT, castle / "0.png")
    enroll("Round Tower", "--at", "52,-7", castle / "1.png")
    assert [record["id"] for record in listed("blarny castel")] == ["blarney_castle"]
    near = listed("--near", "52,-7", "--limit", "1")
    assert [(record["id"], record["distance_km"]) for record in near] == [("round_tower", 0.0)]


def test_a_damaged_landmark_is_told_and_the_others_are_shown(
    run, enroll, tiny_bundle: Path, castle: Path
) -> None:
    enroll("Blarney Castle", *AT, castle)
    (store_of(read_bundle(tiny_bundle)).folder / "bad.npz").write_bytes(b"")
    status, out, err = run("landmarks", "--enrolled", "--bundle", tiny_bundle)
    assert status == 1
    assert "Blarney Castle" in out
    assert "bad.npz" in err
    assert "whereshot forget bad" in err
    assert run("forget", "bad", "--bundle", tiny_bundle).status == 0
    assert run("landmarks", "--enrolled", "--bundle", tiny_bundle).status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--export", "file"],
        ["--bundle", "world"],
        ["--enrolled", "--with-pictures"],
        ["--enrolled", "--gazetteer", "table.csv"],
    ],
)
def test_options_that_belong_together_are_asked_for(run, arguments: list[str]) -> None:
    assert run("landmarks", *arguments).status == 2


# -- the whole program -----------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not tell CPU seconds")
def test_ten_photos_are_enrolled_in_three_seconds(
    samples: Path, tmp_path: Path, own_home: Path
) -> None:
    import subprocess

    from whereshot.recognize import shipped_bundles

    if "world" not in shipped_bundles():
        pytest.skip("no shipped bundle")
    for number, photo in enumerate(sorted(samples.glob("*.jpg")) * 5):
        with Image.open(photo) as image:  # ten photos, each of them another one
            image.crop((number, 0, *image.size)).save(tmp_path / f"{number}.jpg", quality=95)
    arguments = ["enroll", "Some Castle", "--at", "51.9,-8.5", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "whereshot", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert process.returncode == 0
    assert "from 10 photos, 10 of them new" in out
    # CPU seconds, of all threads together: other work on the machine must not matter.
    assert usage.ru_utime + usage.ru_stime < 3.0
    shutil.rmtree(own_home)
