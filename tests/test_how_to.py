"""The tutorial and the how-to pages: what they show runs, what they list is complete."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, blocks, inline_code, rows, shell_commands
from serving import serving

import whereshot
from whereshot import errors
from whereshot.recognize import failure_to_dict, recognition_to_dict
from whereshot.records import Failure
from whereshot.serve.app import create_app
from whereshot.serve.problems import status_of
from whereshot.serve.uploads import UploadLimits

TUTORIAL = ROOT / "docs" / "tutorial.md"
HOW_TO = ROOT / "docs" / "how-to"
HTTP_API, EVALUATE = HOW_TO / "http-api.md", HOW_TO / "evaluate.md"
TRAIN, BUNDLE = HOW_TO / "train-your-own.md", HOW_TO / "read-a-bundle.md"
WHERE = HOW_TO / "where-in-the-photo.md"


@pytest.fixture
def desk(
    tmp_path: Path,
    tiny_bundle: Path,
    paint: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A working directory with what the pages take for granted: photos and a bundle."""
    for name in ("photo.jpg", "a.jpg", "b.jpg"):
        paint(tmp_path / name, "red")
    for place in ("path/to/bundle", "runs/first/export/first"):
        shutil.copytree(tiny_bundle, tmp_path / place)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def answer(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory, paint: Any) -> Any:
    """A recognition of the tiny bundle."""
    photo = paint(tmp_path_factory.mktemp("photo") / "photo.jpg", "red")
    return whereshot.load(tiny_bundle).recognize(photo)


# -- tutorial ------------------------------------------------------------------------------


def test_the_tutorial_s_python_runs(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks(TUTORIAL, "python")
    exec(block.text, {})
    assert capsys.readouterr().out == "landmark\n"


@pytest.mark.slow
def test_the_tutorial_runs_from_your_own_folders_to_your_own_bundle(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    one_thread: None,
) -> None:
    from made_photos import data_set, saved, scene
    from tiny_training import TINY

    from whereshot.cli import main

    places = ("Eiffel_Tower", "Machu_Picchu", "Taj_Mahal")
    data_set(tmp_path / "photos" / "train", dict.fromkeys(places, 10))
    for part in ("train", "test"):
        data_set(tmp_path / "others" / part, {"things": 4})
    for number, place in enumerate(places * 3):  # other photos than those in train
        saved(scene(1000 + number), tmp_path / "photos" / "test" / place / f"{number}.jpg")
    saved(scene(7), tmp_path / "photo.jpg")
    (recipe,) = blocks(TUTORIAL, "toml")
    # The tutorial's recipe, on a network that trains in a second.
    tiny = recipe.text.replace("[model]\n", f'[model]\narchitecture = "{TINY}"\nweights = "none"\n')
    assert tiny != recipe.text
    (tmp_path / "first.toml").write_text(tiny, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    ran: list[str] = []
    for line, words in shell_commands(TUTORIAL):
        is_ours = words[0] == "whereshot" and words[1] != "serve"
        if is_ours and ("check" in words or ran):
            assert main(words[1:]) == 0, f"{line}\n{capsys.readouterr().err}"
            ran.append(words[1])
    assert ran == [
        *("data", "data", "train", "evaluate", "export", "export", "predict", "evaluate")
    ]
    assert (tmp_path / "first.html").is_file()
    assert (tmp_path / "runs/first/export/first/bundle.json").is_file()


# -- HTTP API ------------------------------------------------------------------------------


def shape(value: object) -> object:
    """Keys and types of a JSON value; of a list, those of its first member."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_the_answers_on_the_page_have_the_shape_of_real_ones(answer: Any) -> None:
    shown, failed = (json.loads(block.text) for block in blocks(HTTP_API, "json"))
    failure = Failure("a.jpg", errors.DamagedPhotoError("..."))
    assert shape(shown) == shape([recognition_to_dict(answer)])
    assert shape(failed) == shape([failure_to_dict(failure)])


def test_the_page_lists_every_request(tiny_bundle: Path) -> None:
    paths = create_app(whereshot.load(tiny_bundle)).openapi()["paths"]
    real = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    text = HTTP_API.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `((?:GET|POST|PUT|DELETE) /\S*)`", text, re.MULTILINE))
    assert real >= {"POST /api/recognize", "GET /healthz"}
    assert listed - {"GET /", "GET /docs", "GET /openapi.json"} == real


def error_rows() -> list[tuple[int, str]]:
    text = HTTP_API.read_text(encoding="utf-8")
    part = text[text.index("| status | type | when |") :]
    return [(int(status), name.strip("`")) for status, name, _ in rows(part.partition("\n\n")[0])]


def test_the_page_lists_every_error_and_its_status() -> None:
    serve = ROOT / "src" / "whereshot" / "serve"
    source = " ".join(path.read_text(encoding="utf-8") for path in serve.rglob("*.py"))
    source = " ".join(source.split())
    made = re.findall(r'(?:RequestError|problem)\(\s*(\d{3}), "(\w+)"', source)
    listed = set(error_rows())
    assert {(int(status), name) for status, name in made} <= listed
    for status, name in listed:
        if issubclass(kind := getattr(errors, name, type(None)), errors.PhotoError):
            assert status_of(kind("...")) == status, name
        else:
            assert f'{status}, "{name}"' in source, name


def test_the_limits_on_the_page_are_those_of_the_server() -> None:
    text, limits = HTTP_API.read_text(encoding="utf-8"), UploadLimits()
    assert f"may have up to {limits.file_bytes // 1024**2} MB and " in text
    assert f"{limits.pixels // 1_000_000} megapixels" in text
    assert f"more than {limits.files} photos" in text
    assert f"more than {limits.request_bytes // 1024**2} MB in one request" in text


def test_the_curl_commands_work(desk: Path, tiny_bundle: Path, curl: str) -> None:
    commands = [words for _, words in shell_commands(HTTP_API) if words[0] == "curl"]
    assert len(commands) == 3
    answers: list[Any] = []
    with serving(create_app(whereshot.load(tiny_bundle))) as url:
        for words in commands:
            there = [word.replace("http://127.0.0.1:8321", url) for word in words[1:]]
            call = [curl, "--silent", "--noproxy", "*", *there]
            done = subprocess.run(call, capture_output=True, check=True, timeout=60)
            answers.append(json.loads(done.stdout))
    one, two, health = answers
    assert [each["predictions"][0]["name"] for each in one] == ["Golden Gate Bridge"]
    assert [(each["photo"], len(each["predictions"])) for each in two] == [
        ("a.jpg", 2),
        ("b.jpg", 2),
    ]
    assert health["status"] == "ok"
    text = HTTP_API.read_text(encoding="utf-8")
    assert all(f'"{key}": ' in text for key in health)


def test_the_service_of_the_page_can_be_made(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.testclient import TestClient

    recognizer = whereshot.load(tiny_bundle)
    monkeypatch.setattr(whereshot, "load", lambda **_: recognizer)
    (block,) = blocks(HTTP_API, "python")
    names: dict[str, Any] = {}
    exec(block.text, names)
    with TestClient(names["app"], base_url="http://photos.example") as client:
        assert client.get("/healthz").json()["bundle"] == "tiny@1"
    with TestClient(names["app"], base_url="http://other.example") as client:
        assert client.get("/healthz").status_code == 421


# -- where in the photo --------------------------------------------------------------------


def test_the_heatmap_of_the_page_is_drawn(desk: Path, tiny_bundle: Path, capsys: Any) -> None:
    from whereshot.cli import main

    ((_, words),) = [each for each in shell_commands(WHERE) if each[1][0] == "whereshot"]
    arguments = [desk / "a.jpg" if word.startswith("~") else word for word in words[1:]]
    assert main([*map(str, arguments), "--bundle", str(tiny_bundle)]) == 0
    assert [path.name for path in (desk / "heatmaps").iterdir()] == ["a.heatmap.jpg"]
    capsys.readouterr()


def test_the_record_of_the_page_has_the_keys_of_a_record(desk: Path, tiny_bundle: Path) -> None:
    (block,) = blocks(WHERE, "json")
    shown = json.loads(block.text)
    found = whereshot.load(tiny_bundle).recognize("a.jpg", region=True)
    record = recognition_to_dict(found, region=True)
    assert [key for key in record if key in shown] == list(shown)
    assert {len(corner) for corner in shown["region"]} == {2}


def test_the_heatmap_of_the_page_has_what_it_says(desk: Path, samples: Path) -> None:
    shutil.copy(samples / "machu_picchu.jpg", desk / "photo.jpg")
    (block,) = blocks(WHERE, "python")
    names: dict[str, Any] = {}
    exec(block.text, names)
    heatmap = names["heatmap"]
    assert heatmap.values.shape == (9, 9)
    assert heatmap.region == names["recognition"].region
    assert names["picture"].shape == (heatmap.height, heatmap.width, 3)
    other = names["recognizer"].heatmap("photo.jpg", "petra")
    assert other.landmark.name == "Petra"


# -- bundles -------------------------------------------------------------------------------


def test_a_bundle_is_read_without_whereshot(
    desk: Path, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks(BUNDLE, "python")
    assert "import whereshot" not in block.text
    exec(block.text, {})
    best = answer.predictions[0]
    assert capsys.readouterr().out == f"{best.landmark.name} {best.probability:.3f}\n"


def test_the_page_lists_every_key_of_a_bundle(tiny_bundle: Path) -> None:
    bundle = json.loads((tiny_bundle / "bundle.json").read_text(encoding="utf-8"))
    codes = inline_code(BUNDLE)
    for key, value in bundle.items():
        nested = isinstance(value, dict) and key not in ("files", "provenance")
        for name in [f"{key}.{inner}" for inner in value] if nested else [key]:
            assert name in codes, f"{name} is in bundle.json and not on the page"
    assert set(bundle["landmarks"][0]) <= set(codes)
    assert {path.name for path in tiny_bundle.iterdir()} <= set(codes)


def test_the_page_has_the_network_s_interface(tiny_bundle: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(tiny_bundle / "model.onnx")
    names = [node.name for node in (*session.get_inputs(), *session.get_outputs())]
    text = BUNDLE.read_text(encoding="utf-8")
    part = text[text.index("| name | | type and shape |") :]
    assert [row[0].strip("`") for row in rows(part.partition("\n\n")[0])] == names


@pytest.mark.slow
def test_the_exported_torchscript_is_used_as_the_page_shows(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tiny_training import tiny_recipe

    from whereshot.learn.export import export_torchscript
    from whereshot.learn.network import LandmarkNet
    from whereshot.learn.run import Run

    recipe = tiny_recipe("photos")
    classes = tuple(f"place_{number}" for number in range(6))
    network = LandmarkNet(recipe.model, len(classes)).eval()
    target = desk / "runs/udacity50/export/udacity50.torchscript.pt"
    target.parent.mkdir(parents=True)
    export_torchscript(Run(desk, recipe, classes, {"results": {}}, network), target)
    (block,) = blocks(HOW_TO / "course-data-set.md", "python")
    with warnings.catch_warnings():
        # torch would rather have us use torch.export; the course's app asks for TorchScript.
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        exec(block.text, {})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 5
    assert {name for _, name in lines} < set(classes)
    assert all(float(a[0]) >= float(b[0]) for a, b in pairwise(lines))


# -- data and figures ----------------------------------------------------------------------


def test_the_gazetteer_of_the_page_can_be_read(tmp_path: Path) -> None:
    (block,) = blocks(TRAIN, "csv")
    table = tmp_path / "places.csv"
    table.write_text(block.text, encoding="utf-8")
    gazetteer = whereshot.Gazetteer.from_csv(table)
    assert gazetteer.resolve("Old_Lighthouse").name == "Our Lighthouse"
    assert len(gazetteer) == 2


def test_the_parts_of_an_evaluation_are_all_named() -> None:
    from whereshot.learn.evaluation import Evaluation

    parts = {field.name for field in dataclasses.fields(Evaluation)}
    assert parts <= set(inline_code(EVALUATE))


def test_the_explanations_of_the_page_run(
    desk: Path, paint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import subject

    paint(desk / "photos/world/Machu_Picchu/a.png", "green")
    paint(desk / "photos/world/Machu_Picchu/odd.png", "red")
    paint(desk / "photos/world/Golden_Gate_Bridge/a.png", "red")
    shutil.copytree(ROOT / "tests/samples", desk / "tests/samples")
    tiny = subject.load_subject("path/to/bundle")
    monkeypatch.setattr(subject, "load_subject", lambda _: tiny)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    (block,) = blocks(EVALUATE, "python")
    names: dict[str, Any] = {}
    exec(block.text, names)
    assert names["picture"].shape == (240, 240, 3)
    for code in re.findall(r"explain\.(\w+)", EVALUATE.read_text(encoding="utf-8")):
        assert hasattr(names["explain"], code)


def test_the_course_s_set_is_described_as_it_is_published() -> None:
    from whereshot.learn.sets.fetch import SETS

    text = (HOW_TO / "course-data-set.md").read_text(encoding="utf-8")
    published = SETS["udacity50"]
    for figure in (published.landmarks, *published.photos.values()):
        assert f"{figure:,} " in text
    assert f"{published.folder}/train/" in text
