from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from landmarks_mirror import Mirror, shard_path
from local_web import Hold

from whereshot.cli import main


@pytest.fixture
def mirror():
    return Mirror(shards=500, by_range=True, per_landmark=8, dirty=2)


@pytest.fixture
def site(web, mirror):
    return web.serve(mirror.site())


@pytest.fixture
def command(site, tmp_path):
    return ["data", "fetch", "gldv2", "--url", site.base_url, "--to", str(tmp_path / "set")]


def photos_in(tmp_path):
    return {path.stem: path.read_bytes() for path in (tmp_path / "set").glob("train/*/*.jpg")}


def test_a_dry_run_tells_how_much_it_is_and_asks_for_no_shard(command, site, tmp_path, capsys):
    assert main([*command, "--top", "2", "--min-photos", "3", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("2 landmarks with 6 to 6 photos, 12 together: in 12 shards, about 12 GB")
    assert [path.rpartition("/")[2] for path in site.asked()] == [
        "train_label_to_category.csv",
        "train_clean.csv",
    ]
    assert not (tmp_path / "set/train").exists()


def test_a_list_of_landmarks_is_fetched_and_the_folder_printed(command, mirror, tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("Q12501\nEiffel Tower\n")
    assert main([*command, "--landmarks", str(names)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'set'}\n"
    assert "12 photos of 2 landmarks are here, from " in err
    assert set(photos_in(tmp_path)) == mirror.of(47378) | mirror.of(77124)


def test_a_fetch_that_is_killed_twice_is_complete_at_the_third(command, mirror, site, tmp_path):
    first, second = (shard_path(mirror.shard_of(p)) for p in sorted(mirror.clean)[5:25:15])
    program = [sys.executable, "-m", "whereshot", *command, "--min-photos", "1"]
    site.holds = {path: Hold(700) for path in (first, second)}
    for hold in list(site.holds.values()):
        process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            while not hold.reached.wait(0.1):
                assert process.poll() is None, process.stderr.read()
            os.kill(process.pid, signal.SIGKILL)
        finally:
            process.kill()
            process.communicate()
            hold.released.set()
        assert process.returncode == -signal.SIGKILL
    there = photos_in(tmp_path)
    assert 0 < len(there) < len(mirror.clean)
    before = len(site.requests)
    subprocess.run(program, check=True, capture_output=True)
    assert photos_in(tmp_path) == {photo: mirror.photos[photo] for photo in mirror.clean}
    assert list((tmp_path / "set").rglob("*.part")) == []
    asked_again = set(site.asked()[before:]) & {shard_path(mirror.shard_of(p)) for p in there}
    assert asked_again == set(), "a shard that was complete is not asked for again"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "say which landmarks"),
        (["--landmarks", "x", "--top", "3"], "can't be given with --landmarks"),
        (["--top", "3", "--sha256", "a" * 64], "published MD5"),
        (["--top", "0"], "greater than or equal to 1"),
        (["--top", "3", "--all-shards", "--max-shards", "2"], "can't be given with --max-shards"),
    ],
)
def test_wrong_usage_ends_with_2(command, capsys, options, message):
    assert main([*command, *options]) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_options_of_gldv2_are_refused_for_an_archive(tmp_path, capsys):
    assert main(["data", "fetch", "udacity50", "--to", str(tmp_path), "--top", "3"]) == 2
    assert "is for gldv2 only" in capsys.readouterr().err


def test_without_a_network_it_says_so(tmp_path, capsys, direct):
    command = ["data", "fetch", "gldv2", "--top", "1", "--to", str(tmp_path / "set")]
    assert main([*command, "--url", "http://127.0.0.1:9"]) == 1
    assert "Can't reach 127.0.0.1" in capsys.readouterr().err


def test_photos_outside_of_the_taken_shards_are_noted(command, tmp_path, capsys):
    assert main([*command, "--min-photos", "1", "--max-shards", "3"]) == 0
    err = capsys.readouterr().err
    assert "in 3 shards, about 3 GB to download" in err
