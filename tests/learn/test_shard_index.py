from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_training import tiny_photos

from whereshot.errors import DatasetError
from whereshot.learn.sets.shard import write_shards
from whereshot.learn.shard_index import index_place, open_shards
from whereshot.learn.shards import Shards


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of a few photos each, of 24 photos of four classes."""
    root = tmp_path_factory.mktemp("set")
    write_shards(tiny_photos(root, classes=4, each=6), root / "shards", megabytes=0.03)
    return root / "shards"


@pytest.fixture
def shards(folder: Path) -> Shards:
    return open_shards(str(folder / "train-*.tar"))


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ("a/train-{000000..000099}.tar", "a/train.index.json"),
        ("a/train-*.tar", "a/train.index.json"),
        ("train-000003.tar", "train.index.json"),
        ("http://host/a/train-{0..9}.tar", "http://host/a/train.index.json"),
        ("a/*.tar", "a/index.json"),
    ],
)
def test_the_index_lies_beside_the_shards(pattern: str, place: str) -> None:
    assert index_place(pattern) == place


def test_some_of_the_shards_are_a_set_of_their_own(folder: Path, shards: Shards) -> None:
    some = open_shards(f"{folder}/train-{{000001..000002}}.tar")
    assert [Path(each.file).name for each in some.files] == ["train-000001.tar", "train-000002.tar"]
    rows = np.flatnonzero((shards.shard == 1) | (shards.shard == 2))
    assert some.keys.tolist() == shards.keys[rows].tolist()
    assert [some.source(n) for n in range(len(some))] == [shards.source(int(n)) for n in rows]
    assert some.fingerprint() != shards.fingerprint()
    assert some.classes == shards.classes


def test_what_is_wrong_with_an_index_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"have no index at .*Make it: whereshot data index"):
        open_shards(str(tmp_path / "train-*.tar"))
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    pattern = str(tmp_path / "train-*.tar")
    (tmp_path / "train-000099.tar").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"but not '.*train-000099\.tar'"):
        open_shards(pattern)
    (tmp_path / "train-000099.tar").unlink()
    place = tmp_path / "train.index.json"
    about = json.loads(place.read_text())
    for change, said in (
        ({"schema": "2.0"}, r"has schema 2\.0, expected 1"),
        ({"samples_sha256": "0" * 64}, "is damaged: its samples are of another index"),
        ({"shards": [{"file": "a"}]}, "is damaged"),
    ):
        place.write_text(json.dumps(about | change))
        with pytest.raises(DatasetError, match=said):
            open_shards(pattern)
    place.write_text("{")
    with pytest.raises(DatasetError, match="is damaged"):
        open_shards(pattern)
