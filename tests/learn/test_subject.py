"""Bundles and runs as one thing, and folders matched with what a network knows."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from untrained import untrained_run

from whereshot.errors import (
    BundleIntegrityError,
    BundleNotFoundError,
    DatasetError,
    MissingExtraError,
    RunError,
)
from whereshot.learn.dataset import index_folder
from whereshot.learn.subject import load_subject

Paint = Callable[..., Path]

CLASSES = ("09.Golden_Gate_Bridge", "My Garden", "Parthenon")


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network, saved as a finished run."""
    return untrained_run(
        tmp_path_factory.mktemp("runs") / "garden",
        CLASSES,
        "model.fit=squash",
        temperature=1.5,
        fingerprint="0123",
    )


def test_a_bundle_says_what_its_outputs_mean(tiny_bundle):
    subject = load_subject(tiny_bundle)

    assert (subject.kind, subject.name) == ("bundle", "tiny@1")
    assert subject.ids == ("golden_gate_bridge", "machu_picchu", "niagara_falls")
    assert subject.names[1] == "Machu Picchu"
    assert (subject.temperature, subject.min_certainty) == (2.0, 0.6)
    assert (subject.preprocessing.size, subject.preprocessing.fit) == (32, "crop")
    latitudes, longitudes = subject.coordinates()
    assert (latitudes[0], longitudes[0]) == (37.8199, -122.4786)


def test_a_bundles_network_is_the_one_of_its_recognizer(tiny_bundle, paint: Paint, tmp_path):
    from whereshot.photo import decode, prepare
    from whereshot.recognize import load
    from whereshot.recognize.verdict import calibrated_probabilities

    subject, photo = load_subject(tiny_bundle), paint(tmp_path / "p.jpg", "green")
    pixels = prepare(decode(photo, min_side=32), subject.preprocessing)

    probabilities = calibrated_probabilities(subject.model(pixels[None]), subject.temperature)[0]

    recognized = load(tiny_bundle).recognize(photo).predictions
    assert probabilities.max() == pytest.approx(recognized[0].probability)
    assert subject.ids[probabilities.argmax()] == recognized[0].landmark.id == "machu_picchu"


def test_a_run_says_what_its_outputs_mean(tiny_run):
    subject = load_subject(tiny_run)

    assert (subject.kind, subject.name) == ("run", "garden")
    assert subject.ids == ("golden_gate_bridge", "my_garden", "parthenon")
    assert subject.names == ("Golden Gate Bridge", "My Garden", "Parthenon")
    assert subject.places[1] is None
    assert (subject.temperature, subject.min_certainty) == (1.5, None)
    assert (subject.preprocessing.size, subject.preprocessing.fit) == (32, "squash")
    assert subject.trained_on == "0123"
    assert np.isnan(subject.coordinates()[0]).tolist() == [False, True, False]


def test_a_runs_network_is_the_one_that_was_saved(tiny_run, one_thread):
    import torch

    from whereshot.learn.run import load_run

    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)

    logits = load_subject(tiny_run).model(pixels)

    with torch.inference_mode():
        expected = load_run(tiny_run).network(torch.from_numpy(pixels)).logits.numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def folders(root: Path, paint: Paint, *names: str) -> Path:
    for name in names:
        paint(root / name / "a.jpg")
        paint(root / name / "b.jpg")
    return root


@pytest.mark.parametrize(
    "name",
    [
        "09.Golden_Gate_Bridge",
        "Golden_Gate_Bridge",
        "golden gate bridge",
        "Golden-Gate-Bridge",
        "GoldenGateBridge",
    ],
)
def test_a_folder_may_spell_a_landmark_in_any_of_its_ways(tiny_bundle, tmp_path, paint, name):
    index = index_folder(folders(tmp_path, paint, name))

    known, others = load_subject(tiny_bundle).match(index)

    assert known.labels == (0, 0)
    assert not others


def test_photos_of_landmarks_that_the_network_does_not_know_are_counted(
    tiny_bundle, tmp_path, paint
):
    index = index_folder(
        folders(tmp_path, paint, "06.Niagara_Falls", "99.My_Garden", "Eiffel_Tower")
    )
    (tmp_path / "empty").mkdir()

    known, others = load_subject(tiny_bundle).match(index)

    assert known.labels == (2, 2)
    assert [path.parent.name for path in known.paths] == ["06.Niagara_Falls"] * 2
    assert others == {"99.My_Garden": 2, "Eiffel_Tower": 2}


def test_two_folders_of_one_landmark_are_one(tiny_bundle, tmp_path, paint):
    index = index_folder(folders(tmp_path, paint, "NiagaraFalls", "Niagara_Falls"))

    known, _ = load_subject(tiny_bundle).match(index)

    assert known.labels == (2, 2, 2, 2)


def test_a_runs_own_classes_are_matched_though_no_gazetteer_knows_them(tiny_run, tmp_path, paint):
    index = index_folder(folders(tmp_path, paint, "03.my_garden", "Parthenon"))

    known, others = load_subject(tiny_run).match(index)

    assert sorted(known.labels) == [1, 1, 2, 2]
    assert not others


def test_embeddings_and_features_come_with_the_logits(tiny_bundle, tiny_run, one_thread):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)

    for subject in (load_subject(tiny_bundle), load_subject(tiny_run)):
        seen = subject.look(pixels, ("logits", "embedding", "features"))

        assert seen.logits.tolist() == subject.model(pixels).tolist()
        np.testing.assert_allclose(np.linalg.norm(seen.embedding, axis=1), 1, atol=1e-5)
        assert seen.features.ndim == 4
        assert {each.dtype for each in (seen.logits, seen.embedding, seen.features)} == {
            np.dtype(np.float32)
        }


def test_photos_of_no_known_landmark_are_an_error_that_names_both_sides(
    tiny_bundle, tmp_path, paint
):
    index = index_folder(folders(tmp_path, paint, "Shed", "Pond", "Gate", "Hedge"))

    with pytest.raises(DatasetError, match=r"Gate, Hedge, Pond and 1 more.*Golden Gate Bridge"):
        load_subject(tiny_bundle).match(index)


def test_a_folder_that_is_neither_bundle_nor_run_is_an_error_that_says_what_is_missing(tmp_path):
    with pytest.raises(BundleNotFoundError, match=r"no bundle\.json and no meta\.json"):
        load_subject(tmp_path)


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(BundleNotFoundError, match="no bundle"):
        load_subject(tmp_path / "nowhere")


def test_a_run_that_is_not_finished_is_an_error_that_says_how_to_finish_it(tiny_run, tmp_path):
    shutil.copy(tiny_run / "meta.json", tmp_path)

    with pytest.raises(RunError, match=r"has no weights yet.*--resume"):
        load_subject(tmp_path)


def test_a_changed_bundle_is_not_evaluated(tiny_bundle, tmp_path):
    copy = Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))
    with (copy / "model.onnx").open("ab") as file:
        file.write(b"\0")

    with pytest.raises(BundleIntegrityError):
        load_subject(copy)


def test_without_torch_a_run_is_an_error_that_says_what_to_install(tiny_run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(MissingExtraError, match=r"torch.*pip install 'whereshot\[learn\]'"):
        load_subject(tiny_run)
