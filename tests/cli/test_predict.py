"""`whereshot predict`, from the argument list to the last byte of its output."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Paint = Callable[..., Path]


@pytest.fixture
def predict(run, tiny_bundle: Path):
    """Run `predict` with the tiny bundle."""
    return lambda *arguments, **options: run(
        "predict", *arguments, "--bundle", tiny_bundle, **options
    )


@pytest.fixture
def predict_json(predict):
    """Run `predict --json`: the exit status and the records."""

    def call(*arguments: object, **options: Any) -> tuple[int, list[dict[str, Any]]]:
        status, out, _ = predict(*arguments, "--json", **options)
        return status, [json.loads(line) for line in out.splitlines()]

    return call


@pytest.fixture
def library(paint: Paint, tmp_path: Path) -> Path:
    """A small photo library with what else lies around in one."""
    folder = tmp_path / "library"
    paint(folder / "b.jpg", "green")
    paint(folder / "a.JPG", "red")
    paint(folder / "trip" / "c.png", "blue")
    paint(folder / "trip" / "day 2" / "d.webp", "grey")
    paint(folder / ".hidden.jpg")
    paint(folder / ".thumbnails" / "e.jpg")
    (folder / "notes.txt").write_text("Dear diary")
    (folder / "a.JPG.xmp").write_text("<xml/>")
    return folder


def names(records: list[dict[str, Any]], folder: Path) -> list[str]:
    return [os.path.relpath(record["photo"], folder) for record in records]


def test_a_record_has_the_documented_keys_in_their_order(
    predict_json, paint: Paint, tmp_path: Path
) -> None:
    path = paint(tmp_path / "photo.jpg", "red")
    status, [record] = predict_json(path)
    assert status == 0
    assert list(record) == [
        "photo",
        "verdict",
        "bundle",
        "location",
        "predictions",
        "milliseconds",
    ]
    assert record["photo"] == str(path)
    assert record["verdict"] == "landmark"
    assert record["bundle"] == "tiny@1"
    assert record["location"] == {
        "latitude": 37.8199,
        "longitude": -122.4786,
        "radius_km": 3.0,
        "source": "landmark",
    }
    best = record["predictions"][0]
    assert list(best) == [
        "id",
        "name",
        "wikidata",
        "probability",
        "latitude",
        "longitude",
        "radius_km",
        "city",
        "country",
        "country_code",
    ]
    assert best["id"] == "golden_gate_bridge"
    assert 0.99 < best["probability"] <= 1
    assert list(record["milliseconds"]) == ["decode", "model"]


def test_the_records_are_those_of_the_library(
    predict_json, tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    import whereshot
    from whereshot.recognize import recognition_to_dict

    path = paint(tmp_path / "photo.jpg", "green", gps=(-13, -72))
    _, [record] = predict_json(path)
    expected = recognition_to_dict(whereshot.load(tiny_bundle).recognize(str(path)))
    assert record["location"]["source"] == "exif"
    assert record | {"milliseconds": 0} == expected | {"milliseconds": 0}


def test_an_unknown_photo_has_no_location_but_predictions(
    predict_json, paint: Paint, tmp_path: Path
) -> None:
    status, [record] = predict_json(paint(tmp_path / "photo.jpg", "grey"))
    assert status == 0
    assert record["verdict"] == "unknown"
    assert record["location"] is None
    assert len(record["predictions"]) == 3


@pytest.mark.parametrize(("k", "count"), [(1, 1), (2, 2), (50, 3)])
def test_k_limits_the_predictions(
    predict_json, paint: Paint, tmp_path: Path, k: int, count: int
) -> None:
    _, [record] = predict_json(paint(tmp_path / "photo.jpg"), "-k", k)
    assert len(record["predictions"]) == count


def test_a_folder_gives_its_visible_photos_sorted(predict_json, library: Path) -> None:
    status, records = predict_json(library)
    assert status == 0
    assert names(records, library) == ["a.JPG", "b.jpg", "trip/c.png", "trip/day 2/d.webp"]
    assert [record["predictions"][0]["id"] for record in records[:3]] == [
        "golden_gate_bridge",
        "machu_picchu",
        "niagara_falls",
    ]


def test_the_order_of_the_arguments_is_the_order_of_the_output(predict_json, library: Path) -> None:
    _, records = predict_json(library / "trip", library / "b.jpg", library / "a.JPG")
    assert names(records, library) == ["trip/c.png", "trip/day 2/d.webp", "b.jpg", "a.JPG"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["b.jpg"]),
        ("*.[jJ][pP][gG]", ["a.JPG", "b.jpg"]),
        ("*", ["a.JPG", "b.jpg", "trip/c.png", "trip/day 2/d.webp"]),
        ("**/*", ["a.JPG", "b.jpg", "trip/c.png", "trip/day 2/d.webp"]),
        ("tr?p", ["trip/c.png", "trip/day 2/d.webp"]),
    ],
)
def test_a_quoted_pattern_gives_the_photos_that_match(
    predict_json, library: Path, pattern: str, expected: list[str]
) -> None:
    status, records = predict_json(f"{library}/{pattern}")
    assert status == 0
    assert names(records, library) == expected


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(
    predict_json, paint: Paint, tmp_path: Path
) -> None:
    paint(tmp_path / "a1.jpg", "red")
    path = paint(tmp_path / "a[1].jpg", "green")
    _, [record] = predict_json(path)
    assert record["photo"] == str(path)
    assert record["predictions"][0]["id"] == "machu_picchu"


def test_a_pattern_without_a_match_is_told_and_fails(predict, library: Path) -> None:
    status, out, err = predict(f"{library}/*.gif", library / "b.jpg")
    assert status == 1
    assert "Machu Picchu" in out
    assert "no photo matches" in err


def test_a_folder_without_photos_is_told_and_fails(predict, tmp_path: Path) -> None:
    status, out, err = predict(tmp_path)
    assert (status, out) == (1, "")
    assert "no photos in the folder" in err


def test_links_to_folders_do_not_lead_in_circles(predict_json, library: Path) -> None:
    (library / "trip" / "back").symlink_to(library)
    _, records = predict_json(library)
    assert len(records) == 4


def test_a_list_on_stdin_is_read_line_by_line(predict_json, library: Path) -> None:
    listed = f"{library}/b.jpg\r\n\n{library}/trip\n{library}/a.JPG".encode()
    status, records = predict_json("-", stdin=listed)
    assert status == 0
    assert names(records, library) == ["b.jpg", "trip/c.png", "trip/day 2/d.webp", "a.JPG"]


@pytest.mark.parametrize("option", ["-0", "--null"])
def test_a_list_on_stdin_may_end_paths_with_zero_bytes(
    predict_json, paint: Paint, tmp_path: Path, option: str
) -> None:
    odd = [paint(tmp_path / "two\nlines.jpg"), paint(tmp_path / " spaces .jpg", "blue")]
    status, records = predict_json(option, "-", stdin=b"\0".join(map(os.fsencode, odd)) + b"\0")
    assert status == 0
    assert [record["photo"] for record in records] == [str(path) for path in odd]


def test_an_empty_list_gives_nothing_and_is_no_failure(predict) -> None:
    assert predict("-", stdin=b"") == (0, "", "")


ODD_NAMES = [
    "with space.jpg",
    "Überblick 城 🗻.jpg",
    "two\nlines.jpg",
    "tab\tand\x1b[31mred.jpg",
    "quote\"s'.jpg",
    "[bold]markup[red].jpg",
    ":smile:.jpg",
    "-k.jpg",
    b"not utf-8 \xff\xfe.jpg",
]


@pytest.fixture(params=ODD_NAMES, ids=ascii)
def odd(request: pytest.FixtureRequest, paint: Paint, tmp_path: Path) -> Path:
    path = tmp_path / os.fsdecode(request.param)
    try:
        return paint(tmp_path / "plain.jpg", "red").rename(path)
    except OSError:
        pytest.skip("this file system has no such names")


def test_any_file_name_survives_as_json(predict_json, odd: Path) -> None:
    status, [record] = predict_json(odd)
    assert status == 0
    assert os.fsencode(record["photo"]) == os.fsencode(odd)


def test_any_file_name_is_shown_without_harm(predict, odd: Path) -> None:
    status, out, _ = predict(odd)
    assert status == 0
    first, *_ = out.splitlines()
    assert first.isprintable()
    assert odd.name.isprintable() == (first == str(odd))
    missing = odd.with_name(f"missing {odd.name}")
    status, _, err = predict(missing)
    assert status == 1
    assert err.splitlines()[0].isprintable()


def test_a_name_that_is_not_utf8_survives_a_real_pipe(
    program, tiny_bundle: Path, tmp_path: Path
) -> None:
    # Some file systems have no such names: a photo that is not there goes the same way.
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    for environment in ({}, {"PYTHONIOENCODING": "ascii"}):
        for arguments, stdin in (([raw], b""), (["-0", "-"], raw)):
            status, out, _ = program(
                "predict", *arguments, "--bundle", tiny_bundle, "--json", stdin=stdin, **environment
            )
            assert status == 1
            assert os.fsencode(json.loads(out)["photo"]) == raw
    status, out, err = program("predict", raw, "--bundle", tiny_bundle)
    assert (status, out) == (1, "")
    assert "caf" in err


def test_a_narrow_terminal_encoding_is_no_reason_to_crash(
    program, tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    path = paint(tmp_path / "Überblick.jpg")
    status, out, _ = program(
        "predict", path, "--bundle", tiny_bundle, PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    assert status == 0
    assert "?berblick.jpg" in out
    assert "Golden Gate Bridge" in out


def png_bomb() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def make_hostile(folder: Path, kind: str, samples: Path) -> Path:
    path = folder / f"{kind}.jpg"
    whole = (samples / "great_wall_of_china.jpg").read_bytes()
    contents = {
        "empty": b"",
        "truncated": whole[: len(whole) // 3],
        "bomb": png_bomb(),
        "text": b"Dear diary, " * 50,
        "zeros": bytes(5000),
        "noise": bytes(range(256)) * 20,
    }
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "locked":
        path.write_bytes(whole)
        path.chmod(0)
    elif kind == "broken_link":
        path.symlink_to(folder / "nowhere.jpg")
    return path


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("empty", "DamagedPhotoError"),
        ("truncated", "DamagedPhotoError"),
        ("bomb", "PhotoTooLargeError"),
        ("text", "UnsupportedPhotoError"),
        ("zeros", "UnsupportedPhotoError"),
        ("noise", "UnsupportedPhotoError"),
        ("missing", "PhotoNotFoundError"),
        ("broken_link", "PhotoNotFoundError"),
        ("fifo", "PhotoAccessError"),
        ("locked", "PhotoAccessError"),
    ],
)
def test_a_bad_photo_is_a_record_and_the_others_go_on(
    predict_json, paint: Paint, tmp_path: Path, samples: Path, kind: str, error: str
) -> None:
    if kind == "locked" and getattr(os, "geteuid", lambda: 1)() == 0:
        pytest.skip("root may read everything")
    if kind == "fifo" and not hasattr(os, "mkfifo"):
        pytest.skip("this system has no FIFOs")
    bad = make_hostile(tmp_path, kind, samples)
    good = paint(tmp_path / "good.jpg", "green")
    status, records = predict_json(good, bad, good)
    assert status == 1
    assert [record.get("verdict") for record in records] == ["landmark", None, "landmark"]
    assert list(records[1]) == ["photo", "error"]
    assert records[1]["photo"] == str(bad)
    assert records[1]["error"]["type"] == error
    assert str(bad) in records[1]["error"]["message"]


def test_a_bad_photo_is_one_line_on_stderr_for_a_person(
    predict, paint: Paint, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").touch()
    paint(tmp_path / "good.jpg", "green")
    status, out, err = predict(tmp_path)
    assert status == 1
    assert "Machu Picchu" in out
    assert "bad.jpg" not in out
    first, summary = err.splitlines()
    assert first.startswith("whereshot: ")
    assert "bad.jpg" in first
    assert summary.startswith("2 photos: 1 with a landmark, 0 unknown, 1 could not be read")


def test_a_folder_named_like_a_photo_is_a_folder(
    predict_json, paint: Paint, tmp_path: Path
) -> None:
    inner = paint(tmp_path / "x.jpg" / "inner.png", "blue")
    for argument in (tmp_path, tmp_path / "x.jpg"):
        status, records = predict_json(argument)
        assert status == 0
        assert [record["photo"] for record in records] == [str(inner)]


def test_a_folder_that_may_not_be_read_is_told(
    predict, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if os.fspath(path).endswith("day 2"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    status, out, err = predict(library)
    assert status == 1
    assert "c.png" in out
    assert "day 2' can't be read: Permission denied" in err


def test_few_photos_get_a_block_each(predict, paint: Paint, tmp_path: Path) -> None:
    red = paint(tmp_path / "red.jpg", "red")
    grey = paint(tmp_path / "grey.jpg", "grey", gps=(45, -100))
    status, out, err = predict(red, grey)
    assert (status, err) == (0, "")
    first, second = out.split("\n\n")[:2]
    assert first.splitlines()[0] == str(red)
    assert "Golden Gate Bridge, San Francisco, United States" in first
    assert "37.8199, -122.4786  (within 3 km: the landmark's place)" in first
    assert "> 99.9 % ████████████████████ Golden Gate Bridge" in first
    assert "unknown: no landmark that I know for sure; most like" in second
    assert "45.0000, -100.0000  (the photo's own GPS position)" in second
    assert second.count("33.3 %") == 3


def test_many_photos_get_a_line_each(predict, paint: Paint, tmp_path: Path) -> None:
    colors = ["red", "green", "blue", "grey"] * 3
    for number, color in enumerate(colors):
        paint(tmp_path / f"{number:02}.jpg", color)
    status, out, err = predict(tmp_path)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 12
    assert lines[1].split() == [">", "99.9", "%", "Machu", "Picchu,", "Peru", f"{tmp_path}/01.jpg"]
    assert "unknown, most like" in lines[3]
    assert all(line.endswith(f"{number:02}.jpg") for number, line in enumerate(lines))


def test_the_number_of_workers_changes_nothing_but_time(predict_json, library: Path) -> None:
    def without_times(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [record | {"milliseconds": None} for record in records]

    alone, many = (predict_json(library, "--workers", count)[1] for count in (1, 4))
    assert without_times(alone) == without_times(many)


def test_a_bundle_that_was_tampered_with_is_refused(
    run, tiny_bundle: Path, tmp_path: Path, paint: Paint
) -> None:
    folder = Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    status, out, err = run("predict", paint(tmp_path / "a.jpg"), "--bundle", folder)
    assert (status, out) == (1, "")
    assert "model.onnx is not the file that was written" in err
    assert err.count("\n") == 1


def test_results_come_while_the_list_is_still_being_written(
    command, tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    line = f"{paint(tmp_path / 'a.jpg')}\n".encode()
    process = subprocess.Popen(
        command("predict", "-", "--json", "--bundle", tiny_bundle),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        process.stdin.write(line * 20)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["verdict"] == "landmark"


def test_a_reader_that_leaves_ends_the_run_quietly(
    command, tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    listed = f"{paint(tmp_path / 'a.jpg')}\n".encode() * 400
    (tmp_path / "list").write_bytes(listed)
    with (tmp_path / "list").open("rb") as stdin:
        process = subprocess.Popen(
            command("predict", "-", "--json", "--bundle", tiny_bundle),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stderr:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
def test_ctrl_c_exits_with_130_and_no_traceback(
    command, tiny_bundle: Path, paint: Paint, tmp_path: Path, ctrl_c: None
) -> None:
    process = subprocess.Popen(
        command("predict", "-", "--json", "--bundle", tiny_bundle),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdin, process.stdout, process.stderr:
        process.stdin.write(f"{paint(tmp_path / 'a.jpg')}\n".encode() * 20)
        process.stdin.flush()
        process.stdout.readline()  # it runs, and waits for more
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
    assert process.returncode == 130


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_somebody_who_watches_a_long_run_sees_how_far_it_is(
    command, tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    for number in range(12):
        paint(tmp_path / f"{number:02}.jpg")
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        command("predict", tmp_path, "--json", "--bundle", tiny_bundle),
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    out, _ = process.communicate(timeout=60)
    with os.fdopen(ours, "rb") as terminal:
        seen = terminal.read1(65536).decode()
    assert process.returncode == 0
    assert len(out.splitlines()) == 12
    assert "/12 photos" in seen
    assert "12 photos: 12 with a landmark" in seen
    assert "photos" not in out.decode().replace(str(tmp_path), "")


def test_no_torch_is_loaded_to_recognize_a_photo(
    tiny_bundle: Path, paint: Paint, tmp_path: Path
) -> None:
    photo = str(paint(tmp_path / "a.jpg"))
    code = (
        "import sys, whereshot\n"
        f"found = whereshot.load({str(tiny_bundle)!r}).recognize({photo!r})\n"
        "from whereshot.cli import main\n"
        "heavy = ('torch', 'torchvision', 'timm', 'fastapi', 'onnx', 'sklearn')\n"
        "print(found.verdict, *[name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "landmark\n"


def test_a_stricter_threshold_makes_photos_unknown(predict_json, paint: Paint, tmp_path: Path):
    red = paint(tmp_path / "red.png", "red")
    for threshold, verdict in (("0.5", "landmark"), ("1", "unknown")):
        _, [record] = predict_json(red, "--threshold", threshold)
        assert record["verdict"] == verdict
        assert record["predictions"][0]["name"] == "Golden Gate Bridge"


@pytest.mark.parametrize("share", ["lots", "0", "100%", "-1%", "nan"])
def test_a_share_that_is_none_is_wrong_usage(predict, paint: Paint, tmp_path: Path, share: str):
    status, _, err = predict(paint(tmp_path / "red.png"), "--max-false-tags", share)
    assert status == 2
    assert "between 0 and 1" in err


def test_a_share_that_the_bundle_can_not_promise_is_wrong_usage(
    predict, paint: Paint, tmp_path: Path
):
    status, _, err = predict(paint(tmp_path / "red.png"), "--max-false-tags", "0.1%")
    assert status == 2
    assert "can't be promised" in " ".join(err.replace("│", " ").split())
    status, _, err = predict(
        paint(tmp_path / "red.png"), "--max-false-tags", "0.1%", "--threshold", "0.5"
    )
    assert status == 2
    assert "one of them" in err


def test_a_coverage_that_can_not_be_promised_is_wrong_usage(predict, paint: Paint, tmp_path: Path):
    red = paint(tmp_path / "red.png")
    for coverage, words in (("1.5", "between 0 and 1"), ("0.95", "held-out photos")):
        status, _, err = predict(red, "--coverage", coverage)
        assert status == 2
        assert words in " ".join(err.replace("│", " ").split())
