from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from tiny_training import tiny_photos

from whereshot.errors import DatasetError
from whereshot.learn.sets.shard import write_shards
from whereshot.learn.shard_index import open_shards
from whereshot.learn.shards import Shards, hold_out, is_shards


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of a few photos each, of 24 photos of four classes."""
    root = tmp_path_factory.mktemp("set")
    write_shards(tiny_photos(root, classes=4, each=6), root / "shards", megabytes=0.03)
    return root / "shards"


@pytest.fixture
def shards(folder: Path) -> Shards:
    return open_shards(str(folder / "train-*.tar"))


def test_places_that_name_shards_are_told_from_folders(tmp_path: Path) -> None:
    for place in ("a/b-{0..9}.tar", "a/*.tar", "s3://bucket/x.tar", "pipe:cat x.tar"):
        assert is_shards(place)
    (tmp_path / "photos.tar").mkdir()
    for place in ("photos", "photos/train", str(tmp_path / "photos.tar")):
        assert not is_shards(place)


def test_photos_can_be_read_in_any_order_and_in_a_copy(shards: Shards) -> None:
    every = [shards.source(number) for number in range(24)]
    assert len(set(every)) == 24
    for number in (23, 0, 12, 11):
        assert shards.source(number) == every[number]
    copy = pickle.loads(pickle.dumps(shards))
    assert copy.source(5) == every[5]
    some = shards.subset([7, 3])
    assert [some.source(0), some.source(1)] == [every[7], every[3]]
    assert some.labels.tolist() == shards.labels[[7, 3]].tolist()


def test_a_url_is_read_by_webdataset_from_front_to_back(folder: Path) -> None:
    plain = open_shards(str(folder / "train-000001.tar"))
    piped = Shards(
        plain.root,
        plain.classes,
        tuple(
            type(each)(f"pipe:cat '{each.file}'", each.photos, each.bytes, each.sha256)
            for each in plain.files
        ),
        *(getattr(plain, name) for name in ("keys", "labels", "shard", "offset", "size")),
    )
    for number in (0, 1, 1, 0):
        assert piped.source(number) == plain.source(number)
    assert open_shards(f"file://{folder}/train-000001.tar").source(1) == plain.source(1)


def test_a_share_of_each_class_is_held_out_whatever_shard_it_lies_in(
    folder: Path, shards: Shards, tmp_path: Path
) -> None:
    kept, held = hold_out(shards, 1 / 3, seed=0)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(24))
    assert np.bincount(shards.labels[held]).tolist() == [2, 2, 2, 2]
    write_shards(folder.parent, tmp_path, seed=5)
    anew = open_shards(str(tmp_path / "train-*.tar"))
    _, again = hold_out(anew, 1 / 3, seed=0)
    assert set(anew.keys[again].tolist()) == set(shards.keys[held].tolist())
    _, other = hold_out(shards, 1 / 3, seed=1)
    assert set(other.tolist()) != set(held.tolist())


def classes_of(counts: list[int]) -> Shards:
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    keys = np.array([f"{number:08d}".encode() for number in range(len(labels))])
    nothing = np.zeros(len(labels), dtype=np.int64)
    names = tuple(map(str, range(len(counts))))
    return Shards("made", names, (), keys, labels, nothing.astype(np.int32), nothing, nothing)


def test_small_classes_are_held_out_from_as_often_as_their_share_asks() -> None:
    made = classes_of([5] * 4000)
    _, held = hold_out(made, 0.1, seed=3)
    taken = np.bincount(made.labels[held], minlength=4000)
    assert set(taken.tolist()) == {0, 1}
    assert abs(taken.mean() - 0.5) < 0.05  # six standard deviations of a coin's
    _, none = hold_out(made, 0.0, seed=3)
    assert len(none) == 0
    single = classes_of([1, 2, 3])
    _, held = hold_out(single, 0.85, seed=3)
    assert np.bincount(single.labels[held], minlength=3).tolist() == [0, 1, 1]


def test_a_shard_that_was_cut_off_or_is_gone_ends_the_reading_in_words(
    folder: Path, tmp_path: Path
) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    shards = open_shards(str(tmp_path / "train-*.tar"))
    first, last = Path(shards.files[0].file), Path(shards.files[-1].file)
    first.write_bytes(first.read_bytes()[:600])
    last.unlink()
    with pytest.raises(DatasetError, match="ends within a photo"):
        shards.source(0)
    with pytest.raises(DatasetError, match=r"can't be read.*Put it back"):
        shards.source(len(shards) - 1)
