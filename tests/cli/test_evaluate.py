"""`whereshot evaluate`, from its arguments to its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Paint = Callable[..., Path]


@pytest.fixture
def photos(tmp_path: Path, paint: Paint) -> Path:
    """Four photos, one of them under another landmark's name."""
    folder = tmp_path / "photos"
    paint(folder / "09.Golden_Gate_Bridge" / "a.jpg", "red")
    paint(folder / "09.Golden_Gate_Bridge" / "b.jpg", "red")
    paint(folder / "Machu_Picchu" / "c.jpg", "green")
    paint(folder / "Machu_Picchu" / "odd.jpg", "blue")
    return folder


def words(text: str) -> list[str]:
    """Lines with runs of spaces made one."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_it_prints_figures_with_their_intervals_and_the_worst_landmarks(run, tiny_bundle, photos):
    status, out, err = run("evaluate", tiny_bundle, photos)

    lines = words(out)
    assert (status, err) == (0, "")
    assert lines[0] == f"tiny@1 on 4 photos of 2 of its 3 landmarks in {photos}"
    assert lines[1].startswith("top-1 75.0 % ")
    assert lines[2].startswith("macro top-1 75.0 % ")
    assert "median distance 0 km" in lines
    assert any(line.startswith("named rightly 75.0 %") for line in lines)
    assert lines[-1] == "Machu Picchu 2 50% 100% Niagara Falls (1)"


def test_photos_without_a_landmark_add_their_figures(run, tiny_bundle, photos, paint, tmp_path):
    paint(tmp_path / "unknown" / "grey.png", "grey")
    paint(tmp_path / "unknown" / "red.png", "red")

    status, out, _ = run("evaluate", tiny_bundle, photos, "--unknown", tmp_path / "unknown")

    assert status == 0
    assert any(line.startswith("named a landmark 50.0 %") for line in words(out))
    assert any(line.startswith("AUROC 0.") for line in words(out))


def test_json_is_one_object_on_stdout_and_nothing_else(run, tiny_bundle, photos):
    status, out, err = run("evaluate", tiny_bundle, photos, "--json")

    record = json.loads(out)
    assert (status, err) == (0, "")
    assert record["accuracy"]["top1"]["value"] == 0.75
    assert record["command"] == f"whereshot evaluate {tiny_bundle} {photos}"
    assert [each["photo"] for each in record["mistakes"]] == ["Machu_Picchu/odd.jpg"]


def test_figures_and_report_are_written_where_they_are_wanted(run, tiny_bundle, photos, tmp_path):
    figures, report = tmp_path / "f.json", tmp_path / "r.html"

    status, out, _ = run(
        "evaluate", tiny_bundle, photos, "--json", "--save", figures, "--report", report
    )

    assert status == 0
    assert json.loads(figures.read_text()) == json.loads(out)
    page = report.read_text(encoding="utf-8")
    assert "tiny@1" in page
    assert "data:image/jpeg" in page
    for heading in ("What it looked at", "First filters", "Embeddings"):
        assert heading in page


def test_a_report_can_do_without_photos(run, tiny_bundle, photos, tmp_path):
    report = tmp_path / "r.html"

    run("evaluate", tiny_bundle, photos, "--report", report, "--no-photos")

    page = report.read_text(encoding="utf-8")
    assert "data:image" not in page
    assert "odd.jpg" in page  # named, as in the figures
    assert "Embeddings" in page


def test_another_threshold_is_part_of_the_command_that_is_recorded(run, tiny_bundle, photos):
    _, out, _ = run("evaluate", tiny_bundle, photos, "--json", "--threshold", "0.25")

    record = json.loads(out)
    assert record["verdicts"]["min_certainty"] == 0.25
    assert record["command"].endswith("--threshold 0.25")


def test_what_was_left_out_is_told_on_stderr(run, tiny_bundle, photos, paint):
    paint(photos / "My_Garden" / "a.jpg")
    (photos / "Machu_Picchu" / "empty.jpg").write_bytes(b"")

    status, out, err = run("evaluate", tiny_bundle, photos)

    assert status == 0
    assert "on 4 photos" in words(out)[0]
    assert "left out 1 photo of 1 landmark that tiny@1 does not know: My_Garden" in err
    assert "empty.jpg" in err


@pytest.mark.parametrize("target", ["--report", "--save"])
def test_a_target_that_cannot_be_written_is_told_before_the_work(
    run, tiny_bundle, photos, tmp_path, target
):
    folder = run("evaluate", tiny_bundle, photos, target, tmp_path)
    nowhere = run("evaluate", tiny_bundle, photos, target, tmp_path / "no" / "file")

    assert (folder.status, folder.out) == (nowhere.status, nowhere.out) == (1, "")
    assert f"'{tmp_path}' is a folder" in folder.err
    assert f"No folder at '{tmp_path / 'no'}'" in nowhere.err


def test_neither_bundle_nor_run_is_one_line_on_stderr(run, photos):
    status, out, err = run("evaluate", photos, photos)

    assert (status, out) == (1, "")
    assert "neither a bundle nor a training run" in err
    assert len(err.splitlines()) == 1


def test_no_known_landmark_is_one_line_on_stderr(run, tiny_bundle, tmp_path, paint):
    paint(tmp_path / "Shed" / "a.jpg")

    status, _, err = run("evaluate", tiny_bundle, tmp_path)

    assert status == 1
    assert "no photos of a landmark that tiny@1 knows" in err
    assert len(err.splitlines()) == 1


def test_a_name_full_of_markup_and_control_characters_is_harmless(
    run, tiny_bundle, tmp_path, paint
):
    folder = tmp_path / "[bold]x[/red]\x1b[2J"
    paint(folder / "Machu_Picchu" / "a.jpg", "green")

    status, out, _ = run("evaluate", tiny_bundle, folder)

    assert status == 0
    assert "[bold]x[/red]\\x1b[2J" in out
