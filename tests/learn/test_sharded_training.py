"""Training from shards: the same as from folders, stopped and resumed, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import webdataset
from tiny_training import history_of, meta_of, tiny_photos, tiny_recipe

from whereshot.errors import RunError
from whereshot.learn import train as training
from whereshot.learn.batches import Batches
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.portions import Portions, read_portions
from whereshot.learn.sets.shard import write_shards
from whereshot.learn.shards import Shards
from whereshot.learn.stream import Order
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "optim.batch=8",
    "data.streams=4",
    "data.shuffle=8",
    "data.balance=0",
    "data.validation=0.2",
    "model.dropout=0.2",
    "augment.mixup=0.2",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny_photos(tmp_path_factory.mktemp("set"), classes=4, each=10)
    write_shards(root, root / "shards", megabytes=0.04)
    return root


@pytest.fixture(scope="module")
def pattern(folder: Path) -> str:
    return str(folder / "shards" / "train-*.tar")


def paths_of(shards: Shards, folder: Path) -> tuple[Path, ...]:
    """The files that the photos of shards were made from, by what the shards say."""
    paths: dict[str, Path] = {}
    for each in shards.files:
        with Path(each.file).open("rb") as stream:
            files = webdataset.tariterators.tar_file_expander([{"url": "", "stream": stream}])
            for sample in webdataset.tariterators.group_by_keys(files):
                about = json.loads(sample["json"])
                paths[sample["__key__"]] = folder / "train" / about["photo"]
    return tuple(paths[key.decode()] for key in shards.keys.tolist())


def test_shards_and_folders_train_alike_where_the_order_is_the_same(
    folder: Path, pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe(pattern, *SETTINGS)
    from_shards = train(recipe, tmp_path / "shards")
    portions = read_portions(recipe)
    parts: list[PhotoIndex] = []
    for part in (portions.training, portions.held_out):
        assert isinstance(part, Shards)
        labels = tuple(part.labels.tolist())
        parts.append(PhotoIndex(folder, part.classes, paths_of(part, folder), labels))
    order = Order(portions.training, recipe.data, 8, recipe.seed)  # type: ignore[arg-type]

    def as_in_shards(self: Batches, index: PhotoIndex, epoch: int) -> list[int]:
        streams = [
            [number for _, wanted in order.parts(epoch, stream) for number in wanted]
            for stream in range(4)
        ]
        return [
            number
            for step in range(order.steps)
            for stream in streams
            for number in stream[2 * step : 2 * step + 2]
        ]

    in_folders = Portions(parts[0], parts[1], None, portions.summary)
    monkeypatch.setattr(training, "read_portions", lambda *_: in_folders)
    monkeypatch.setattr(Batches, "_order", as_in_shards)
    from_folders = train(recipe, tmp_path / "folders")
    assert history_of(from_shards) == history_of(from_folders)
    one, other = (each / "weights.safetensors" for each in (from_shards, from_folders))
    assert one.read_bytes() == other.read_bytes()
    assert "validation_top1" in history_of(from_shards)[0]


@pytest.mark.parametrize("part", ["data.epoch_photos=0", "data.epoch_photos=16"])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    pattern: str, tmp_path: Path, part: str
) -> None:
    recipe = tiny_recipe(pattern, *SETTINGS, part, "schedule.epochs=3")
    whole = train(recipe, tmp_path / "whole")

    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    def stop(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (stage, done) == ("epoch 3", 2):
            raise Stopped

    with pytest.raises(Stopped):
        train(recipe, tmp_path / "run", report=stop)
    train(recipe, tmp_path / "run", resume=True)
    one, other = (each / "weights.safetensors" for each in (whole, tmp_path / "run"))
    assert one.read_bytes() == other.read_bytes()
    assert history_of(whole) == history_of(tmp_path / "run")


def test_a_run_notes_its_shards_and_refuses_to_go_on_with_others(
    folder: Path, pattern: str, tmp_path: Path
) -> None:
    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    def stop(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if stage == "epoch 2":
            raise Stopped

    recipe = tiny_recipe(pattern, *SETTINGS)
    with pytest.raises(Stopped):
        train(recipe, tmp_path / "run", report=stop)
    data = meta_of(tmp_path / "run")["data"]
    assert (data["training_photos"], data["validation_photos"]) == (32, 8)
    assert len(data["validation_keys"]) == 8
    assert data["shards"] == len(list((folder / "shards").glob("*.tar")))
    write_shards(folder, tmp_path / "others", seed=1)
    others = tiny_recipe(str(tmp_path / "others" / "train-*.tar"), *SETTINGS)
    with pytest.raises(RunError, match="was started on other photos"):
        train(others, tmp_path / "run", resume=True)


def test_skipped_photos_are_a_figure_of_the_epoch(
    pattern: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in Path(pattern).parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    recipe = tiny_recipe(str(tmp_path / "train-*.tar"), *SETTINGS, "data.validation=0")
    training_photos = read_portions(recipe).training
    assert isinstance(training_photos, Shards)
    file = Path(training_photos.files[0].file)
    content = bytearray(file.read_bytes())
    start = int(training_photos.offset[0])
    content[start : start + 64] = bytes(64)
    file.write_bytes(content)
    history = history_of(train(recipe, tmp_path / "run"))
    assert all(row["skipped_photos"] >= 1 for row in history)
    assert training_photos.keys[0].decode() in caplog.text


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(tmp_path: Path) -> None:
    """Ten times the photos, the same peak: what waits is bounded by `data.shuffle`."""
    peaks: list[float] = []
    for name, copies in (("few", 1), ("many", 10)):
        root = tmp_path / name
        for number in range(20 * copies):
            # 400 kB each of which the decoder takes no notice: a photo and what follows its end.
            content = noisy_jpeg(number % 6) + bytes(400_000)
            path = root / "train" / f"place_{number % 2}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        write_shards(root, root / "shards", megabytes=2)
        done = subprocess.run(
            [sys.executable, "-c", READ_ALL, str(root / "shards" / "train-*.tar")],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(float(done.stdout))
    few, many = peaks
    assert many < few + 25, f"{few:.0f} MB, {many:.0f} MB"  # all photos would be 72 MB more


def noisy_jpeg(seed: int) -> bytes:
    import io

    from made_photos import scene

    file = io.BytesIO()
    scene(seed, (64, 48)).save(file, "JPEG")
    return file.getvalue()


READ_ALL = """
import resource, sys
import torch
from whereshot.learn.config import from_dict
from whereshot.learn.batches import Batches
from whereshot.learn.distributed import Team
from whereshot.learn.portions import read_portions
from whereshot.progress import silent

torch.set_num_threads(1)
recipe = from_dict({
    "data": {"train": sys.argv[1], "workers": 0, "validation": 0.0, "balance": 0.0,
             "streams": 2, "shuffle": 8},
    "model": {"size": 32}, "optim": {"batch": 8},
})
for _ in Batches(recipe, read_portions(recipe), Team(), silent).epoch(0):
    pass
if sys.platform == "linux":
    # Not ru_maxrss: there, a program starts with the peak of the process that started it.
    status = open("/proc/self/status").read()
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
"""
