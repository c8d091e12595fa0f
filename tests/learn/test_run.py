from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_training import tiny_recipe

from whereshot.errors import RunError
from whereshot.learn import run as runs
from whereshot.learn.config import to_dict
from whereshot.learn.network import LandmarkNet

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LandmarkNet]:
    """A run folder as training leaves it, and the network that is in it."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    folder.mkdir()
    recipe = tiny_recipe("photos", "model.head=cosine", "model.embedding=8")
    torch.manual_seed(0)
    network = LandmarkNet(recipe.model, 3).eval()
    runs.save_weights(network, folder / "weights.safetensors")
    meta = {
        "schema": "1.0",
        "recipe": to_dict(recipe),
        "classes": ["a", "b", "c"],
        "seed": 0,
        "data": {"fingerprint": "0" * 64},
        **runs.environment(),
        "results": {"temperature": 1.7},
    }
    runs.write_json(folder / "meta.json", meta)
    return folder, network


@pytest.fixture
def folder(finished: tuple[Path, LandmarkNet], tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(finished[0], tmp_path / "run"))


def change(folder: Path, **values: Any) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | values))


def test_a_run_loads_as_it_was_saved(finished: tuple[Path, LandmarkNet]) -> None:
    folder, network = finished
    run = runs.load_run(str(folder))
    assert run.classes == ("a", "b", "c")
    assert run.temperature == 1.7
    assert run.recipe == tiny_recipe("photos", "model.head=cosine", "model.embedding=8")
    assert not run.network.training
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        for one, other in zip(run.network(pixels), network(pixels), strict=True):
            assert torch.equal(one, other)


def test_a_run_without_held_out_photos_has_a_temperature_of_one(folder: Path) -> None:
    change(folder, results={})
    assert runs.load_run(folder).temperature == 1.0


def test_the_environment_names_versions_and_machine() -> None:
    environment = runs.environment()
    assert set(environment) == {"versions", "machine"}
    assert environment["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert environment["machine"]["cores"] >= 1
    json.dumps(environment)


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    assert not runs.is_run(tmp_path)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunError, match=r"is not a training run: it has no meta\.json"):
            runs.load_run(folder)


def test_an_unfinished_run_says_how_to_finish_it(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    assert runs.is_run(folder)
    assert not runs.is_finished(folder)
    with pytest.raises(RunError, match=r"no weights yet.*train RECIPE --to '.*run' --resume"):
        runs.load_run(folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", b'"text"', b"null", b'{"schema": "1.0"}']
)
def test_a_damaged_meta_is_a_clear_error(folder: Path, content: bytes) -> None:
    (folder / "meta.json").write_bytes(content)
    with pytest.raises(RunError, match=r"meta\.json' is damaged"):
        runs.load_run(folder)


@pytest.mark.parametrize("key", ["schema", "recipe", "classes", "data", "results"])
def test_a_meta_with_a_part_of_the_wrong_kind_is_a_clear_error(folder: Path, key: str) -> None:
    change(folder, **{key: 7})
    with pytest.raises(RunError, match=f"no '{key}' of the expected kind"):
        runs.load_run(folder)


def test_a_run_of_another_schema_is_refused(folder: Path) -> None:
    change(folder, schema="2.0")
    with pytest.raises(RunError, match=r"has schema 2\.0, expected 1\.x"):
        runs.load_run(folder)
    change(folder, schema="1.9")
    runs.load_run(folder)


def test_a_recipe_that_this_version_does_not_know_is_refused(folder: Path) -> None:
    change(folder, recipe={"modell": {}})
    message = "holds a recipe that can't be read: Unknown recipe key 'modell'"
    with pytest.raises(RunError, match=re.escape(message)):
        runs.load_run(folder)


def test_a_recipe_from_before_a_key_was_added_still_reads(folder: Path) -> None:
    recipe = json.loads((folder / "meta.json").read_text())["recipe"]
    del recipe["schedule"]["patience"]
    change(folder, recipe=recipe)
    assert runs.load_run(folder).recipe.schedule.patience == 0


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    change(folder, classes=["a", "b"])
    with pytest.raises(RunError, match=r"weights\.safetensors' does not fit its meta\.json"):
        runs.load_run(folder)


@pytest.mark.parametrize("keep", [0, 5, 1000])
def test_truncated_weights_are_refused(folder: Path, keep: int) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RunError, match="does not fit"):
        runs.load_run(folder)


def test_writing_json_never_leaves_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    runs.write_json(path, {"a": "\udcff"})  # a path that is not UTF-8
    assert json.loads(path.read_text()) == {"a": "\udcff"}
    with pytest.raises(TypeError):
        runs.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": "\udcff"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["meta.json"]


# -- one process at a time -----------------------------------------------------------------


def test_a_folder_is_held_by_one_and_then_free(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "new"
    with runs.hold(folder):
        assert folder.is_dir()
        with pytest.raises(RunError, match="Another process trains into"), runs.hold(folder):
            pass
        with runs.hold(tmp_path / "other"):
            pass
    with runs.hold(folder):
        pass
    assert list(folder.iterdir()) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forks where there are threads
def test_a_folder_is_free_though_processes_that_read_photos_are_left(tmp_path: Path) -> None:
    read, write = os.pipe()
    trainer = os.fork()
    if trainer == 0:
        with runs.hold(tmp_path):
            reader = os.fork()
            if reader == 0:
                os.write(write, str(os.getpid()).encode())
                signal.pause()
            os.waitpid(reader, 0)
    reader = int(os.read(read, 20))
    try:
        with pytest.raises(RunError, match="Another process trains into"), runs.hold(tmp_path):
            pass
        os.kill(trainer, signal.SIGKILL)
        os.waitpid(trainer, 0)
        with runs.hold(tmp_path):
            pass
    finally:
        os.kill(reader, signal.SIGKILL)
        os.close(read)
        os.close(write)
