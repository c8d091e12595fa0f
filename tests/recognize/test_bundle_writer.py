"""Writing bundles: whole or not at all, and never over what is not a bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whereshot.errors import BundleError
from whereshot.photo import Preprocessing
from whereshot.recognize import Bundle, Prototypes, bundle_writer, read_bundle, write_bundle
from whereshot.recognize.prototypes import Witnesses
from whereshot.recognize.verdict import SIGNALS, Rule, Strictness
from whereshot.records import Landmark

Write = Callable[..., Bundle]


@pytest.fixture
def write(tiny_network: Callable[..., bytes], tiny_bundle: Path) -> Write:
    landmarks = read_bundle(tiny_bundle).landmarks

    def call(folder: Path, **changes: Any) -> Bundle:
        arguments: dict[str, Any] = {
            "name": "new",
            "version": 3,
            "model": tiny_network(),
            "landmarks": landmarks,
            "prototypes": Prototypes(np.eye(3, dtype=np.float32), np.arange(3)),
            "preprocessing": Preprocessing(32, "squash"),
            "temperature": 1.25,
            "min_probability": 0.5,
        }
        return write_bundle(folder, **(arguments | changes))

    return call


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_written_is_read_back(write: Write, tmp_path: Path) -> None:
    written = write(tmp_path / "deep" / "new", provenance={"recipe": "r.toml"})
    assert written == read_bundle(tmp_path / "deep" / "new")
    assert written.title == "new@3"
    assert written.preprocessing == Preprocessing(32, "squash")
    assert written.temperature == 1.25
    assert written.provenance == {"recipe": "r.toml"}


def test_full_landmark_records_survive(write: Write, tmp_path: Path, tiny_bundle: Path) -> None:
    first, *others = read_bundle(tiny_bundle).landmarks
    full = replace(first, name="Château d'Été 城", aliases=("a", "ü"), region="Île", radius_km=0.3)
    assert write(tmp_path / "new", landmarks=(full, *others)).landmarks == (full, *others)


def test_the_manifest_has_the_documented_shape(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "new")
    manifest = json.loads((tmp_path / "new" / "bundle.json").read_text())
    assert list(manifest) == [
        "schema",
        "name",
        "version",
        "created",
        "preprocessing",
        "landmarks",
        "calibration",
        "verdict",
        "provenance",
        "files",
    ]
    assert manifest["schema"] == "1.1"
    assert manifest["calibration"] == {"temperature": 1.25, "held_out": []}
    assert manifest["verdict"] == {"min_probability": 0.5, "chosen_for": {}}
    assert set(manifest["files"]) == {"model.onnx", "prototypes.npz"}


def test_a_rule_its_thresholds_and_its_witnesses_survive(write: Write, tmp_path: Path) -> None:
    eye = np.eye(3, dtype=np.float32)
    best = np.array([0.9, 0.0, 0.5], dtype=np.float32)
    rule = Rule(-1.5, dict(zip(SIGNALS, (1.0, 2.0, 3.0, -4.0), strict=True)))
    strictness = Strictness(0.8, ((0.05, 0.4), (0.01, 0.8)))
    written = write(
        tmp_path / "new",
        prototypes=Prototypes(eye, np.arange(3), eye[:2], Witnesses(eye, best)),
        rule=rule,
        strictness=strictness,
        held_out=(0.9, 0.2),
    )
    assert (written.rule, written.strictness) == (rule, strictness)
    assert written.held_out == (0.2, 0.9)
    assert written.prototypes.others.tolist() == eye[:2].tolist()
    assert written.prototypes.witnesses.embeddings.dtype == np.float32
    assert written.prototypes.witnesses.embeddings.tolist() == eye.tolist()
    assert written.prototypes.witnesses.best.tolist() == best.tolist()


def test_without_a_rule_the_threshold_is_that_of_the_probability(
    write: Write, tmp_path: Path
) -> None:
    written = write(tmp_path / "new", min_probability=0.7)
    assert written.rule is None
    assert written.strictness == Strictness(0.7)
    with pytest.raises(ValueError, match="a rule needs the strictness"):
        write(tmp_path / "other", strictness=Strictness(0.5))


def test_the_model_may_be_given_by_its_path(
    write: Write, tmp_path: Path, tiny_network: Callable[..., bytes]
) -> None:
    source = tmp_path / "network.onnx"
    source.write_bytes(tiny_network())
    written = write(tmp_path / "new", model=source)
    assert written.model_path.read_bytes() == source.read_bytes()


def test_nothing_but_the_bundle_is_left_behind(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert files_in(tmp_path) == {"new"}
    assert files_in(tmp_path / "new") == {"bundle.json", "model.onnx", "prototypes.npz"}


def test_a_bundle_is_only_overwritten_when_asked(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "new")
    with pytest.raises(BundleError, match="already"):
        write(tmp_path / "new", version=4)
    assert read_bundle(tmp_path / "new").version == 3
    assert write(tmp_path / "new", version=4, overwrite=True).version == 4
    assert files_in(tmp_path) == {"new"}


def test_a_folder_that_is_not_a_bundle_is_never_overwritten(write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"precious")
    with pytest.raises(BundleError, match="not a bundle"):
        write(folder, overwrite=True)
    assert (folder / "photo.jpg").read_bytes() == b"precious"
    file = tmp_path / "file"
    file.write_bytes(b"precious")
    with pytest.raises(BundleError, match="not a bundle"):
        write(file, overwrite=True)
    assert file.read_bytes() == b"precious"


def test_an_empty_folder_is_free(write: Write, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert write(tmp_path / "new").name == "new"


def test_a_failed_write_leaves_the_old_bundle_and_no_crumbs(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "new")

    def full_disk(path: Path, content: bytes) -> None:
        if path.name == "prototypes.npz":
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(bundle_writer, "_write_durably", full_disk)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "new", version=4, overwrite=True)
    assert read_bundle(tmp_path / "new").version == 3
    assert files_in(tmp_path) == {"new"}


def test_the_old_bundle_comes_back_when_the_new_one_can_not_take_its_place(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "new")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name.endswith(".tmp"):
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="Input/output"):
        write(tmp_path / "new", version=4, overwrite=True)
    assert read_bundle(tmp_path / "new").version == 3
    assert files_in(tmp_path) == {"new"}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a/b"},
        {"version": 0},
        {"temperature": 0.0},
        {"min_probability": 1.1},
        {"landmarks": ()},
        {"prototypes": Prototypes(np.eye(3, dtype=np.float32), np.full(3, 3))},
        {"prototypes": Prototypes(3 * np.eye(3, dtype=np.float32), np.arange(3))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_could_not_be_read_back_is_not_written(
    write: Write, tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(BundleError):
        write(tmp_path / "new", **changes)
    assert not list(tmp_path.iterdir())


def test_two_landmarks_of_one_id_are_refused(write: Write, tmp_path: Path) -> None:
    twins = tuple(Landmark("a", "A", 0.0, 0.0, 1.0, "X", "XX") for _ in range(3))
    with pytest.raises(BundleError, match="twice"):
        write(tmp_path / "new", landmarks=twins)
