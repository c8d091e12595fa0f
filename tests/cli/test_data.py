from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from local_web import Site, course_archive
from made_photos import data_set, saved, scene
from tinted_photos import WRONG, tinted_set

from whereshot.cli import main
from whereshot.learn.dataset import index_folder
from whereshot.learn.sets.fetch import SETS
from whereshot.learn.sets.photo_list import read_photo_list


@pytest.fixture
def sound(tmp_path):
    layout = {"train/00.Petra": 3, "train/01.Jerash": 2, "test/00.Petra": 1, "test/01.Jerash": 1}
    return data_set(tmp_path / "set", layout)


def test_check_of_a_sound_set_ends_with_0(sound, capsys):
    assert main(["data", "check", str(sound)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("7 photos in 4 folders checked in ")
    assert out.endswith("0 errors, 0 warnings\n")
    assert err == ""


def test_check_tells_errors_with_their_photos_and_ends_with_1(sound, capsys):
    shutil.copy(sound / "train/00.Petra/1.jpg", sound / "test/00.Petra/copy.jpg")
    (sound / "train/00.Petra/bad.jpg").write_bytes(b"bad")
    assert main(["data", "check", str(sound)]) == 1
    out, _ = capsys.readouterr()
    assert "ERROR  photos that can't be read (1)" in out
    assert "bad.jpg' is text" in out
    assert "ERROR  photos in both train and test: the test is too easy (1)" in out
    assert "    train/00.Petra/1.jpg\n    test/00.Petra/copy.jpg\n" in out
    assert out.endswith("2 errors, 0 warnings\n")


def test_warnings_alone_end_with_0(sound, capsys):
    (sound / "train/00.Petra/1.jpg").rename(sound / "train/00.Petra/1.png")
    assert main(["data", "check", str(sound)]) == 0
    out, _ = capsys.readouterr()
    assert "train/00.Petra/1.png is a JPEG file" in out
    assert out.endswith("0 errors, 1 warning\n")


def test_many_findings_are_cut_short_unless_all_are_asked_for(sound, capsys):
    for number in range(25):
        (sound / f"train/00.Petra/bad{number:02d}.jpg").write_bytes(b"bad")
    assert main(["data", "check", str(sound)]) == 1
    out, _ = capsys.readouterr()
    assert "... and 5 more (--all tells them)" in out
    assert "bad24.jpg" not in out
    assert main(["data", "check", str(sound), "--all"]) == 1
    out, _ = capsys.readouterr()
    assert "bad24.jpg" in out


def test_check_as_json_has_every_finding(sound, capsys):
    saved(scene(0).resize((100, 75)), sound / "train/00.Petra/copy.png")
    shutil.copy(sound / "train/01.Jerash/1.jpg", sound / "test/01.Jerash/copy.jpg")
    assert main(["data", "check", str(sound), "--json"]) == 1
    out, _ = capsys.readouterr()
    record = json.loads(out)
    assert record["folder"] == str(sound)
    assert (record["photos"], record["errors"], record["warnings"]) == (9, 1, 1)
    leak, duplicate = record["findings"]
    assert (leak["severity"], leak["kind"]) == ("error", "leak")
    assert leak["paths"] == ["train/01.Jerash/1.jpg", "test/01.Jerash/copy.jpg"]
    assert (duplicate["severity"], duplicate["kind"]) == ("warning", "duplicate")


def test_a_file_name_that_no_terminal_should_see_is_escaped(sound, capsys):
    (sound / "train/00.Petra/a\x1b[2J\udcff.jpg").write_bytes(b"bad")
    assert main(["data", "check", str(sound)]) == 1
    out, _ = capsys.readouterr()
    assert "\x1b" not in out
    assert main(["data", "check", str(sound), "--json"]) == 1
    out, _ = capsys.readouterr()
    assert json.loads(out)["findings"][0]["paths"] == ["train/00.Petra/a\x1b[2J\udcff.jpg"]
    assert main(["data", "stats", str(sound)]) == 0


@pytest.fixture
def tinted(tmp_path):
    return tinted_set(tmp_path / "tinted")


def test_labels_are_judged_and_suspects_named_and_listed(tinted, tiny_bundle, tmp_path, capsys):
    target = tmp_path / "suspects.txt"
    command = ["data", "check", str(tinted), "--features", str(tiny_bundle)]
    assert main([*command, "--suspects", str(target)]) == 0
    out, err = capsys.readouterr()
    assert "WARNING  labels that look wrong (1)" in out
    assert f"  {WRONG} looks like Niagara_Falls (" in out
    assert "37 labels judged by tiny@1: 97.3% are the most probable one, 1 look wrong" in out
    assert "judging labels  5/5" in err
    lines = target.read_text().splitlines()
    assert lines[0].startswith(f"# whereshot data check {tinted} --labels --features ")
    assert lines[0].endswith("1 of 37 labels look wrong.")
    assert lines[-1].startswith(f"{WRONG}\t# Niagara_Falls ")
    assert read_photo_list(target, index_folder(tinted)) == (WRONG,)
    assert main([*command, "--labels", "--certainty", "1"]) == 0
    assert "labels that look wrong" not in capsys.readouterr().out


def test_judged_labels_and_sizes_are_in_the_json(tinted, tiny_bundle, tmp_path, capsys):
    cache = tmp_path / "features.npz"
    command = ["data", "check", str(tinted), "--labels", "--features", str(tiny_bundle), "--json"]
    assert main([*command, "--cache", str(cache)]) == 0
    first = json.loads(capsys.readouterr().out)
    (suspect,) = first["labels"]["suspects"]
    assert (suspect["photo"], suspect["likely"]) == (WRONG, "Niagara_Falls")
    assert first["labels"]["photos"] == 37
    assert first["sizes"]["short_side"] == {"64 to 128 px": 37}
    assert first["sizes"]["aspect"] == {"4:3": 37}
    assert first["sizes"]["exact_squares"] == 0
    assert cache.is_file()
    assert main([*command, "--cache", str(cache)]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert main(["data", "check", str(tinted), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] is None


def test_the_page_is_written_where_it_was_asked_for(sound, tmp_path, capsys):
    target = tmp_path / "page.html"
    assert main(["data", "check", str(sound), "--html", str(target)]) == 0
    text = target.read_text(encoding="utf-8")
    assert "Mean photos" in text
    assert f"whereshot data check {sound}" in text


@pytest.mark.parametrize("option", ["--html", "--suspects", "--cache"])
def test_a_file_that_can_not_be_written_is_told_before_the_work(sound, capsys, option, tmp_path):
    assert main(["data", "check", str(sound), option, str(tmp_path / "no" / "file")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("whereshot: No folder at ")


def test_a_network_that_nobody_knows_is_told_before_the_work(sound, capsys):
    assert main(["data", "check", str(sound), "--labels", "--features", "litte0"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "litte0" in err
    assert err.count("\n") == 1


def test_a_finding_of_many_photos_is_cut_short_too(sound, capsys):
    for number in range(25):
        saved(scene(100 + number, (80, 80)), sound / f"train/00.Petra/square{number:02}.jpg")
    assert main(["data", "check", str(sound)]) == 0
    out, _ = capsys.readouterr()
    assert "25 of 28 photos have 80 x 80 px" in out
    assert "    ... and 19 more (--all tells them)" in out
    assert "square06.jpg" not in out
    assert main(["data", "check", str(sound), "--all"]) == 0
    assert "square24.jpg" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["check", "stats"])
def test_a_folder_that_is_no_data_set_ends_with_1_and_one_line(tmp_path, capsys, verb):
    assert main(["data", verb, str(tmp_path / "nowhere")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("whereshot: No folder at ")
    assert err.count("\n") == 1
    assert main(["data", verb, str(tmp_path)]) == 1
    assert "no class folders" in capsys.readouterr().err


def test_stats_shows_a_row_a_landmark_and_the_whole(sound, capsys):
    assert main(["data", "stats", str(sound)]) == 0
    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines()]
    assert rows[1][:3] == ["00.Petra", "3", "1"]
    assert rows[2][:3] == ["01.Jerash", "2", "1"]
    assert "train photos  5; 2 / 2.5 / 3 (min / median / max) a landmark" in out
    assert "the largest has 1.5 times the smallest" in out
    assert "formats       JPEG 7" in out
    assert "shorter side  240 / 240 / 240 px" in out
    assert err == ""


def test_stats_as_json_has_the_same_figures(sound, capsys):
    assert main(["data", "stats", str(sound), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["photos"] == {"train": 5, "test": 2}
    assert record["landmarks"][0]["photos"] == {"train": 3, "test": 1}
    assert record["short_side"] == {"least": 240, "median": 240, "most": 240}


def test_fetch_prints_the_folder_on_stdout_and_what_is_there_on_stderr(web, tmp_path, capsys):
    site = web.serve(Site(course_archive(train=1)))
    to = tmp_path / "sets"
    command = ["data", "fetch", "udacity50", "--to", str(to), "--url", site.url]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert out == f"{to}\n"
    assert "udacity50 is here: 2 train photos of 2 landmarks, 2 test photos of 2 landmarks" in err
    assert "published with 4,996 train and 1,250 test photos" in err
    assert len(list(to.glob("landmark_images/*/*/*.jpg"))) == 4

    asked = len(site.requests)
    assert main(command) == 0
    assert "complete already, nothing was downloaded" in capsys.readouterr().err
    assert len(site.requests) == asked


def test_fetch_unpacks_to_data_by_default(web, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert (
        main(["data", "fetch", "udacity50", "--url", web.serve(Site(course_archive(train=1))).url])
        == 0
    )
    assert capsys.readouterr().out == f"{Path('data/udacity50')}\n"
    assert (tmp_path / "data/udacity50/landmark_images/train").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["udacity50", "--url", "http://127.0.0.1:1/set.zip"], "Can't reach 127.0.0.1"),
        (["udacity50", "--url", "file:///etc/passwd"], "must start with http"),
        (["gldv3"], "No published set 'gldv3'; known: udacity50, gldv2. Did you"),
    ],
)
def test_a_fetch_that_fails_ends_with_1_and_one_line(web, tmp_path, capsys, arguments, message):
    assert main(["data", "fetch", *arguments, "--to", str(tmp_path / "to")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_refused_archive_ends_with_1_and_leaves_nothing(web, tmp_path, capsys):
    site = web.serve(Site(b"<html>please sign in</html>"))
    assert main(["data", "fetch", "udacity50", "--to", str(tmp_path), "--url", site.url]) == 1
    assert "not a sound zip archive" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    command = ["data", "fetch", "udacity50", "--to", str(tmp_path), "--url", site.url]
    assert main([*command, "--sha256", "0" * 64]) == 1
    assert "expected 0000" in capsys.readouterr().err


def test_a_sha256_that_is_none_is_wrong_usage(tmp_path, capsys):
    assert main(["data", "fetch", "udacity50", "--to", str(tmp_path), "--sha256", "abc"]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_the_help_names_every_set(capsys):
    assert main(["data", "fetch", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in SETS)


def test_check_and_stats_run_without_torch(sound):
    code = (
        "import sys; from whereshot.cli import main; "
        f"assert main(['data', 'check', {str(sound)!r}]) == 0; "
        f"assert main(['data', 'stats', {str(sound)!r}]) == 0; "
        "assert not {'torch', 'timm', 'torchvision', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_course_sample_passes_the_check(photos, capsys):
    assert main(["data", "check", str(photos / "udacity50_sample")]) == 0
    out = capsys.readouterr().out
    assert "landmarks in test that train doesn't have (8)" in out
    assert "46 photos in 10 folders" in out
