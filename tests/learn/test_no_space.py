"""No space left on the disk, at each file that a run writes: said so, nothing lost, gone on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from disk_space import SmallDisk, no_file_above
from tiny_training import history_of, meta_of, on_one_thread, tiny_photos, tiny_recipe

from whereshot.errors import RunError
from whereshot.learn.files import write_whole
from whereshot.learn.run import load_run
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

# Of the tiny network: its weights have 0.4 MB, a checkpoint has 0.5 MB while the head learns
# alone, and 1.7 MB with the average and two moments of all weights.
QUICK = ("optim.batch=12", "model.dropout=0.2")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Iterator[Path]:
    with on_one_thread():
        yield train(tiny_recipe(photos, *QUICK), tmp_path_factory.mktemp("runs") / "whole")


def assert_goes_on(photos: Path, folder: Path, uninterrupted: Path) -> None:
    assert not list(folder.glob("*.part"))
    assert not (folder / "weights.safetensors").exists()
    with pytest.raises(RunError, match=r"no weights yet|not a training run"):
        load_run(folder)
    train(tiny_recipe(photos, *QUICK), folder, resume=True)
    weights = [(each / "weights.safetensors").read_bytes() for each in (folder, uninterrupted)]
    assert weights[0] == weights[1]
    assert history_of(folder) == history_of(uninterrupted)
    results = [meta_of(each)["results"] | {"train_seconds": 0} for each in (folder, uninterrupted)]
    assert results[0] == results[1]


def test_a_checkpoint_without_room_leaves_the_one_before_to_go_on_from(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    kept: dict[str, bytes] = {}

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (stage, done) == ("epoch 2", 1):
            kept["checkpoint"] = (folder / "checkpoint.pt").read_bytes()

    with (
        no_file_above(1_000_000),
        pytest.raises(RunError, match=r"run/checkpoint\.pt' can't be written: File too large"),
    ):
        train(tiny_recipe(photos, *QUICK), folder, report=report)
    assert (folder / "checkpoint.pt").read_bytes() == kept["checkpoint"]
    assert len(history_of(folder)) == 2  # the second epoch was noted, and will be again
    assert_goes_on(photos, folder, uninterrupted)


def test_weights_without_room_leave_a_run_that_goes_on(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with no_file_above(300_000), pytest.raises(RunError, match=r"best\.safetensors' can't be"):
        train(tiny_recipe(photos, *QUICK), folder)
    assert {path.name for path in folder.iterdir()} == {"meta.json"}
    assert_goes_on(photos, folder, uninterrupted)


def test_a_meta_without_room_leaves_nothing_that_looks_like_a_run(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with no_file_above(500), pytest.raises(RunError, match=r"meta\.json' can't be written"):
        train(tiny_recipe(photos, *QUICK), folder)
    assert list(folder.iterdir()) == []
    assert_goes_on(photos, folder, uninterrupted)


def test_a_full_disk_says_so_and_the_run_goes_on_when_it_has_room(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    disk = SmallDisk(tmp_path / "disk", "2M")
    try:
        with pytest.raises(RunError, match="can't be written: No space left on device"):
            train(tiny_recipe(photos, *QUICK), disk.folder / "run")
        assert (disk.folder / "run" / "checkpoint.pt").is_file()
        disk.grow("20M")
        assert_goes_on(photos, disk.folder / "run", uninterrupted)
    finally:
        disk.close()


def test_every_moment_at_which_a_disk_may_be_full_is_survived(
    photos: Path, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import checkpoint, run, trainer

    written: list[str] = []
    fail_at = -1

    def fragile(path: Path, content: bytes) -> None:
        written.append(path.name)
        if len(written) - 1 == fail_at:
            with no_file_above(len(content) // 2):
                write_whole(path, content)
        write_whole(path, content)

    for module in (checkpoint, run, trainer):
        monkeypatch.setattr(module, "write_whole", fragile)
    train(tiny_recipe(photos, *QUICK), tmp_path / "count")
    moments = list(written)
    assert set(moments) == {"meta.json", "best.safetensors", "history.jsonl", "checkpoint.pt"}
    for number, name in enumerate(moments):
        written.clear()
        fail_at = number
        folder = tmp_path / f"{number}"
        with pytest.raises(RunError, match=f"{name}' can't be written"):
            train(tiny_recipe(photos, *QUICK), folder)
        fail_at = -1
        assert_goes_on(photos, folder, uninterrupted)


def test_curves_without_room_are_a_warning_and_the_run_goes_on(
    photos: Path, uninterrupted: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "tensorboard").write_text("in the way")
    train(tiny_recipe(photos, *QUICK), folder)
    assert caplog.text.count("No curves of epoch") == 3
    assert history_of(folder) == history_of(uninterrupted)


# -- one file ------------------------------------------------------------------------------


def test_a_file_that_can_not_be_written_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    write_whole(path, b"old")
    with no_file_above(100), pytest.raises(RunError, match=r"File too large.*--resume"):
        write_whole(path, bytes(1000))
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["history.jsonl"]
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_half_a_file_that_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "meta.json.part").write_bytes(b"half" * 100)
    write_whole(tmp_path / "meta.json", b"{}")
    assert (tmp_path / "meta.json").read_bytes() == b"{}"
    assert [each.name for each in tmp_path.iterdir()] == ["meta.json"]
