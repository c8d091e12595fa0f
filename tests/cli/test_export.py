"""`whereshot export` as a person meets it: what it prints, what it refuses, what comes after."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from exportable import exportable_run
from made_photos import data_set

import whereshot
from whereshot.errors import ExportError
from whereshot.learn.delivery import BundleOptions
from whereshot.recognize import find_bundle, read_bundle, shipped_bundles

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSES = ("Eiffel_Tower", "Machu_Picchu", "Stonehenge")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    for part in ("train", "test"):
        data_set(root / "world" / part, dict.fromkeys(CLASSES, 2))
        data_set(root / "others" / part, {"things": 4})
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """A run from scratch, without photos of no landmark."""
    folder = tmp_path_factory.mktemp("runs") / "scratch"
    names = ("name=world_scratch", "model.architecture=plain")
    exportable_run(folder, photos / "world", CLASSES, *names)
    return folder


def test_it_prints_the_check_as_a_table_and_where_the_files_are(
    run: Callable, trained: Path, tmp_path: Path
) -> None:
    done = run("export", trained, "--format", "torchscript", "--to", tmp_path)
    assert done.status == 0, done.err
    table, _, paths = done.out.partition("\n\n")
    header, rule, network, script = (line.split("|")[1:-1] for line in table.splitlines())
    assert [cell.strip() for cell in header] == [
        "",
        "top-1 of 6 photos",
        "other answers",
        "largest logit difference",
    ]
    assert network[0].strip() == "PyTorch"
    assert script[0].strip() == "torchscript"
    assert network[1] == script[1]
    assert script[2].strip() == "0"
    assert float(script[3]) < 1e-3
    assert len({tuple(map(len, row)) for row in (header, rule, network, script)}) == 1
    assert paths.splitlines() == [
        str(tmp_path / "world_scratch.torchscript.pt"),
        str(tmp_path / "world_scratch.parity.json"),
    ]
    assert (tmp_path / "world_scratch.parity.md").read_text() == table + "\n"
    for stage in ("exporting torchscript  3/3", "checking parity  6/6"):
        assert stage in done.err


def test_for_programs_it_prints_json(run: Callable, trained: Path, tmp_path: Path) -> None:
    done = run("export", trained, "--format", "torchscript", "--to", tmp_path, "--json")
    found = json.loads(done.out)
    assert [Path(path).name for path in found["written"]] == [
        "world_scratch.torchscript.pt",
        "world_scratch.parity.json",
    ]
    (row,) = found["parity"]
    assert (row["format"], row["photos"], row["other_answers"]) == ("torchscript", 6, 0)


@pytest.mark.slow
def test_a_run_from_scratch_becomes_a_bundle_that_is_found_by_its_name(
    run: Callable,
    trained: Path,
    photos: Path,
    tmp_path: Path,
    samples: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = run("export", trained, "--to", tmp_path, "--unknown", photos / "others")
    assert done.status == 0, done.err
    assert "threshold" in done.err  # the stage, and no complaint that there is none
    assert "--unknown DIR" not in done.err
    bundle = read_bundle(tmp_path / "world_scratch")
    # Half of the four: from the others prototypes are made.
    assert bundle.raw["verdict"]["chosen_for"]["unknown_photos"] == 2
    assert bundle.provenance["recipe"]["model"]["architecture"] == "plain"

    shipped = tmp_path / "bundles"
    shutil.copytree(tmp_path / "world_scratch", shipped / "world_scratch")
    monkeypatch.setitem(find_bundle.__kwdefaults__, "shipped", shipped)
    monkeypatch.setattr(shipped_bundles, "__defaults__", (shipped,))
    monkeypatch.chdir(photos)  # where no folder has that name
    assert whereshot.load("world_scratch").name == "world_scratch@1"
    photo = samples / "machu_picchu.jpg"
    answered = run("predict", photo, "--bundle", "world_scratch", "--json")
    assert answered.status == 0, answered.err
    assert json.loads(answered.out)["bundle"] == "world_scratch@1"
    measured = run("evaluate", "world_scratch", photos / "world", "--json")
    assert json.loads(measured.out)["measured"]["name"] == "world_scratch@1"


@pytest.mark.slow
def test_a_bundle_whose_threshold_nothing_has_chosen_says_so(
    run: Callable, trained: Path, tmp_path: Path
) -> None:
    done = run("export", trained, "--to", tmp_path)
    assert done.status == 0
    assert done.err.splitlines()[-1] == (
        "whereshot: the bundle names whatever has a probability of 0.5: let photos without a "
        "landmark choose a threshold (--unknown DIR --overwrite)"
    )


def test_a_test_photo_that_can_not_be_read_is_named(
    run: Callable, trained: Path, photos: Path, tmp_path: Path
) -> None:
    shutil.copytree(photos / "world", tmp_path / "photos")
    (tmp_path / "photos" / "test" / "Stonehenge" / "0.jpg").write_bytes(b"gone")
    done = run(
        *("export", trained, "--format", "torchscript"),
        *("--data", tmp_path / "photos", "--to", tmp_path / "out"),
    )
    assert done.status == 0
    assert "top-1 of 5 photos" in done.out
    assert done.err.splitlines()[-1] == (
        "whereshot: left out: test photo 'Stonehenge/0.jpg' can't be read"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "onnx,tflite"], "must be any of onnx, torchscript, exported"),
        (["--format", ","], "must be any of onnx, torchscript, exported"),
        (["--no-bundle", "--unknown", "others"], "goes with a bundle"),
        (["--format", "exported", "--gazetteer", "places.csv"], "goes with a bundle"),
        (["--max-false-tags", "2"], "'2' is no share between 0 and 1, such as 0.1% or 0.001"),
        (["--max-false-tags", "101%"], "'101%' is no share"),
        (["--max-false-tags", "few"], "'few' is no share"),
        (["--max-false-tags", "nan"], "'nan' is no share"),
    ],
)
def test_wrong_usage_is_told_before_torch_comes(
    run: Callable, trained: Path, arguments: list[str], said: str
) -> None:
    done = run("export", trained, *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in " ".join(done.err.replace("│", " ").split())
    assert not (trained / "export").exists()


@pytest.mark.parametrize(
    ("arguments", "share"),
    [
        ([], 0.005),
        (["--max-false-tags", "1%"], 0.01),
        (["--max-false-tags", "0.01"], 0.01),
        (["--max-false-tags", "0"], 0),
        (["--max-false-tags", "100%"], 1),
    ],
)
def test_the_share_of_false_tags_is_a_number_or_percent(
    run: Callable,
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    share: float,
) -> None:
    asked: list[BundleOptions] = []

    def note(*_: object, bundle: BundleOptions, **__: object) -> None:
        asked.append(bundle)
        raise ExportError("enough")

    monkeypatch.setattr("whereshot.learn.delivery.deliver", note)
    assert run("export", trained, *arguments).err == "whereshot: enough\n"
    assert [each.max_false_share for each in asked] == [pytest.approx(share)]


def test_what_is_no_run_and_what_is_there_already_are_one_line(
    run: Callable, trained: Path, tmp_path: Path
) -> None:
    done = run("export", tmp_path)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"whereshot: '{tmp_path}' is not a training run")
    taken = tmp_path / "world_scratch.torchscript.pt"
    taken.write_bytes(b"mine")
    done = run("export", trained, "--format", "torchscript", "--to", tmp_path)
    assert done.status == 1
    assert done.err == (
        f"whereshot: Already there: {taken}. Choose another --to, or --overwrite.\n"
    )
    assert taken.read_bytes() == b"mine"


def test_the_formats_of_the_command_line_are_all_that_there_are(run: Callable) -> None:
    from whereshot.learn.delivery import FORMATS

    assert f"must be any of {', '.join(FORMATS)}," in " ".join(
        run("export", "x", "--format", "?").err.replace("│", " ").split()
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from whereshot.cli import main; main(['export', '--help']); "
        "sys.exit(sorted({'torch', 'onnx', 'numpy', 'rich.progress'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"--no-bundle" in done.stdout
