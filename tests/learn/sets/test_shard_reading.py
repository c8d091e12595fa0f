from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import webdataset
from made_photos import saved, scene
from tiny_training import tiny_photos

from whereshot.errors import DatasetError
from whereshot.learn.sets.shard import write_shards
from whereshot.learn.sets.shard_reading import check_shards, index_shards
from whereshot.learn.shard_index import open_shards


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tiny_photos(tmp_path, classes=3, each=3)


def test_shards_of_others_are_indexed_by_reading_them(photos: Path, tmp_path: Path) -> None:
    written = write_shards(photos, tmp_path / "shards", megabytes=0.02)
    pattern = str(tmp_path / "shards" / "train-*.tar")
    before = open_shards(pattern)
    written.index.unlink()
    found = index_shards(pattern)
    assert found.skipped == ()
    now = open_shards(pattern)
    assert now.classes == before.classes
    assert now.fingerprint() == before.fingerprint()
    for name in ("keys", "labels", "shard", "offset", "size"):
        assert getattr(now, name).tolist() == getattr(before, name).tolist(), name


def test_numbers_do_for_classes_and_what_has_none_is_named(tmp_path: Path) -> None:
    photo = saved(scene(1, (32, 32)), tmp_path / "a.jpg").read_bytes()
    with webdataset.TarWriter(str(tmp_path / "web-0.tar")) as writer:
        for turn, number in enumerate((10, 9, 10)):
            writer.write({"__key__": f"v1.0/photo{turn}", "jpg": photo, "cls": number})
        writer.write({"__key__": "lonely", "jpg": photo})
        writer.write({"__key__": "blind", "cls": 3})
    pattern = str(tmp_path / "web-{0..0}.tar")
    found = index_shards(pattern)
    assert found.shards.classes == ("9", "10")
    assert {name.rpartition("#")[2]: why for name, why in found.skipped} == {
        "lonely": "no class",
        "blind": "no photo",
    }
    assert open_shards(pattern).source(0) == photo


def test_checking_finds_a_shard_that_changed_and_one_that_is_gone(
    photos: Path, tmp_path: Path
) -> None:
    shards = write_shards(photos, tmp_path / "shards", megabytes=0.01).shards
    assert check_shards(shards) == []
    one, other = Path(shards.files[0].file), Path(shards.files[1].file)
    content = bytearray(one.read_bytes())
    content[700] ^= 1
    one.write_bytes(content)
    other.unlink()
    wrong = dict(check_shards(shards))
    assert "another SHA-256" in wrong[str(one)]
    assert "can't be read" in wrong[str(other)]


def test_damaged_and_foreign_archives_are_refused_in_words(photos: Path, tmp_path: Path) -> None:
    shards = write_shards(photos, tmp_path / "shards").shards
    path = Path(shards.files[0].file)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(DatasetError, match=r"ends within a file\. Copy it again"):
        index_shards(str(path))
    path.write_bytes(b"no archive at all" * 100)
    with pytest.raises(DatasetError, match=r"can't be read.*Copy it again"):
        index_shards(str(path))
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    with pytest.raises(DatasetError, match="no photo with a class"):
        index_shards(str(tmp_path / "empty.tar"))
    with pytest.raises(DatasetError, match="No shards at"):
        index_shards(str(tmp_path / "nowhere-*.tar"))
