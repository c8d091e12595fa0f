from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import webdataset
from made_photos import saved, scene

from whereshot.errors import DatasetError
from whereshot.learn.dataset import index_folder
from whereshot.learn.sets.shard import write_shards
from whereshot.learn.shard_index import open_shards


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Nine photos of three landmarks, in two formats; one of them twice."""
    for number in range(3):
        saved(
            scene(number, (64, 48)), tmp_path / "train" / "09.Golden_Gate_Bridge" / f"{number}.jpg"
        )
        saved(
            scene(10 + number, (64, 48)), tmp_path / "train" / "Eiffel_Tower" / f"a.b{number}.png"
        )
        saved(scene(number, (64, 48)), tmp_path / "train" / "Petra" / "deep" / f"{number}.JPEG")
    return tmp_path


def read_all(shards: list[Path]) -> list[dict[str, bytes]]:
    """What webdataset itself makes of shards."""
    samples: list[dict[str, bytes]] = []
    for shard in shards:
        with shard.open("rb") as stream:
            files = webdataset.tariterators.tar_file_expander([{"url": "", "stream": stream}])
            samples += webdataset.tariterators.group_by_keys(files)
    return samples


def test_webdataset_reads_the_photos_untouched_with_their_landmarks(
    photos: Path, tmp_path: Path
) -> None:
    written = write_shards(photos, tmp_path / "shards", megabytes=0.02)
    paths = sorted((tmp_path / "shards").glob("*.tar"))
    assert [path.name for path in paths] == [f"train-{n:06d}.tar" for n in range(len(paths))]
    assert len(paths) > 1
    samples = read_all(paths)
    index = index_folder(photos, "train")
    seen: set[str] = set()
    for sample in samples:
        about = json.loads(sample["json"])
        path = photos / "train" / about["photo"]
        assert sample[path.suffix[1:].lower()] == path.read_bytes()
        assert about["class"] == path.relative_to(photos / "train").parts[0]
        assert index.classes[int(sample["cls"])] == about["class"]
        assert about["landmark"] in {"golden_gate_bridge", "eiffel_tower", "petra"}
        seen.add(about["photo"])
    assert len(seen) == len(samples) == 9
    assert [sample["__key__"] for sample in samples] == [
        key.decode() for key in written.shards.keys.tolist()
    ]


def test_the_index_knows_classes_counts_places_and_hashes(photos: Path, tmp_path: Path) -> None:
    write_shards(photos, tmp_path / "shards", megabytes=0.02)
    about = json.loads((tmp_path / "shards" / "train.index.json").read_text())
    assert about["classes"] == ["09.Golden_Gate_Bridge", "Eiffel_Tower", "Petra"]
    assert (about["photos"], about["counts"]) == (9, [3, 3, 3])
    for each in about["shards"]:
        content = (tmp_path / "shards" / each["file"]).read_bytes()
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert each["bytes"] == len(content)
    shards = open_shards(str(tmp_path / "shards" / "train-*.tar"))
    by_key = {
        sample["__key__"]: sample for sample in read_all([Path(f.file) for f in shards.files])
    }
    for number in range(9):
        sample = by_key[shards.keys[number].decode()]
        name = Path(json.loads(sample["json"])["photo"])
        assert shards.source(number) == sample[name.suffix[1:].lower()]
        assert shards.labels[number] == int(sample["cls"])


def test_the_same_folders_give_the_same_bytes_in_an_order_of_their_own(
    photos: Path, tmp_path: Path
) -> None:
    one, two, other = (
        write_shards(photos, tmp_path / name, seed=seed).shards
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert [each.sha256 for each in one.files] == [each.sha256 for each in two.files]
    assert one.labels.tolist() != other.labels.tolist()
    assert one.labels.tolist() != sorted(one.labels.tolist())
    assert set(one.keys.tolist()) == set(other.keys.tolist())


def test_a_photo_that_can_not_be_read_is_left_out_and_named(photos: Path, tmp_path: Path) -> None:
    (photos / "train" / "Petra" / "bad.jpg").write_bytes(b"no photo at all")
    written = write_shards(photos, tmp_path / "shards")
    assert len(written.shards) == 9
    [(path, reason)] = written.skipped
    assert path.endswith("bad.jpg")
    assert reason


def test_writing_again_leaves_no_shard_of_the_set_before(photos: Path, tmp_path: Path) -> None:
    write_shards(photos, tmp_path / "shards", megabytes=0.01)
    (tmp_path / "shards" / "test-000000.tar").write_bytes(b"of another part")
    now = write_shards(photos, tmp_path / "shards")
    tars = {path.name for path in (tmp_path / "shards").glob("*.tar")}
    assert tars == {"train-000000.tar", "test-000000.tar"}
    assert len(now.shards) == 9


def test_a_folder_that_can_not_be_written_to_is_said(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match=r"can't be written to .*file.*choose another"):
        write_shards(photos, tmp_path / "file")
