from __future__ import annotations

from pathlib import Path

import pytest
from tiny_training import tiny_photos

from whereshot.cli import main


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tiny_photos(tmp_path, classes=2, each=4)


def test_photos_become_shards_and_what_can_not_be_read_is_named_once(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (photos / "train" / "place_1" / "bad.jpg").write_bytes(b"no photo")
    to = tmp_path / "shards"
    assert main(["data", "shard", str(photos), str(to), "--shard-megabytes", "0.01"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{to}/train-*.tar\n"
    count = len(list(to.glob("*.tar")))
    assert count > 1
    assert f"8 photos of 2 landmarks in {count} shards, 1 left out" in err
    assert err.count("bad.jpg: ") == 1
    assert not caplog.records  # a program would print them, too


def test_shards_are_indexed_and_checked(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "shards"
    assert main(["data", "shard", str(photos), str(to)]) == 0
    (to / "train.index.json").unlink()
    capsys.readouterr()
    pattern = str(to / "train-{000000..000000}.tar")
    assert main(["data", "index", pattern]) == 0
    assert capsys.readouterr().out == f"{to / 'train.index.json'}\n"
    assert main(["data", "index", pattern, "--check"]) == 0
    assert "1 shards checked, 0 not as they were" in capsys.readouterr().err
    with (to / "train-000000.tar").open("ab") as file:
        file.write(bytes(512))
    assert main(["data", "index", pattern, "--check"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{to / 'train-000000.tar'}: has ")
    assert "another SHA-256" in out


def test_wrong_usage_is_told_apart_from_failure(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "shard", str(photos), str(tmp_path), "--part", "all"]) == 2
    assert main(["data", "index", "x.tar", "--check", "--to", "y"]) == 2
    assert main(["data", "index", str(tmp_path / "x-*.tar")]) == 1
    assert "No shards at" in capsys.readouterr().err
    assert main(["data", "shard", str(tmp_path / "nowhere"), str(tmp_path)]) == 1
