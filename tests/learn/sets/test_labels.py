from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from made_photos import saved
from tinted_photos import COLORS, WRONG, tinted, tinted_set

from whereshot.errors import DatasetError, MissingExtraError
from whereshot.gazetteer import load_gazetteer
from whereshot.learn.sets import labels as module
from whereshot.learn.sets.features import Embedder, load_embedder
from whereshot.learn.sets.findings import find_problems, identify
from whereshot.learn.sets.labels import LabelCheck, check_labels, find_suspects, out_of_fold
from whereshot.learn.sets.survey import survey_folder


def judged(root: Path, embedder: Embedder, **options: object) -> LabelCheck:
    survey = survey_folder(root)
    return check_labels(survey, identify(survey, load_gazetteer()), embedder, **options)


@pytest.fixture
def embedder(tiny_bundle: Path) -> Embedder:
    return load_embedder(tiny_bundle)


def clusters(each: int, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around three axes, and which axis."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), each)
    vectors = np.eye(3)[labels] + rng.normal(0, noise, (len(labels), 3))
    return vectors.astype(np.float32), labels


def test_a_photo_in_the_wrong_folder_is_the_one_suspect(tmp_path: Path, embedder: Embedder) -> None:
    check = judged(tinted_set(tmp_path), embedder)
    (suspect,) = check.suspects
    assert (suspect.photo, suspect.label, suspect.likely) == (WRONG, "Petra", "Niagara_Falls")
    assert suspect.likely_probability > 0.7 > 0.2 > suspect.label_probability
    assert suspect.certainty == 1 - suspect.label_probability >= check.certainty == 0.5
    assert (check.photos, check.features, check.folder) == (37, "tiny@1", tmp_path)
    assert check.agreement == round(36 / 37, 4)
    assert not check.too_few
    assert not check.saw_labels


def test_copies_under_one_wrong_label_do_not_vouch_for_each_other(
    tmp_path: Path, embedder: Embedder
) -> None:
    tinted_set(tmp_path)
    for number in range(9):
        shutil.copy(tmp_path / WRONG, tmp_path / "Petra" / f"copy{number}.png")
    wrong = [each for each in judged(tmp_path, embedder).suspects if each.label == "Petra"]
    assert len(wrong) == 10


def test_only_train_is_judged_where_there_are_parts(tmp_path: Path, embedder: Embedder) -> None:
    tinted_set(tmp_path / "train")
    saved(tinted(555, COLORS["Petra"]), tmp_path / "test" / "Niagara_Falls" / "wrong.png")
    check = judged(tmp_path, embedder)
    assert check.folder == tmp_path / "train"
    assert [suspect.photo for suspect in check.suspects] == [WRONG]
    findings = find_problems(survey_folder(tmp_path), load_gazetteer(), labels=check)
    (finding,) = (each for each in findings if each.kind == "suspect")
    assert finding.paths == (f"train/{WRONG}",)
    assert finding.message.startswith(f"train/{WRONG} looks like Niagara_Falls (")


def test_a_stricter_certainty_leaves_fewer_suspects(tmp_path: Path, embedder: Embedder) -> None:
    tinted_set(tmp_path)
    (suspect,) = judged(tmp_path, embedder).suspects
    assert not judged(tmp_path, embedder, certainty=suspect.certainty + 0.001).suspects


def test_landmarks_with_too_few_different_photos_are_not_judged_but_named(
    tmp_path: Path, embedder: Embedder
) -> None:
    tinted_set(tmp_path)
    for number in range(4):
        saved(tinted(700 + number, (255, 255, 0)), tmp_path / "Jerash" / f"{number}.png")
    for number in range(6):  # six files, one photo
        saved(tinted(800, (0, 255, 255)), tmp_path / "Stonehenge" / f"{number}.png")
    check = judged(tmp_path, embedder)
    assert check.too_few == {"Jerash": 4, "Stonehenge": 6}
    assert check.photos == 37
    assert [suspect.photo for suspect in check.suspects] == [WRONG]


def test_two_folders_of_one_landmark_are_judged_as_one(tmp_path: Path, embedder: Embedder) -> None:
    tinted_set(tmp_path)
    (tmp_path / "3.petra").mkdir()
    for number in range(6):
        (tmp_path / "Petra" / f"{number:02}.png").rename(tmp_path / "3.petra" / f"{number}.png")
    assert [suspect.photo for suspect in judged(tmp_path, embedder).suspects] == [WRONG]


def test_one_landmark_can_not_be_compared_with_anything(tmp_path: Path, embedder: Embedder) -> None:
    tinted_set(tmp_path)
    for name in ("Machu_Picchu", "Niagara_Falls"):
        shutil.rmtree(tmp_path / name)
    with pytest.raises(DatasetError, match="fewer than 2 landmarks with 5 or more"):
        judged(tmp_path, embedder)


def test_features_that_saw_the_labels_are_told(tmp_path: Path, embedder: Embedder) -> None:
    from whereshot.learn.dataset import index_folder

    fingerprint = index_folder(tinted_set(tmp_path)).fingerprint()
    trained = Embedder(embedder.name, embedder.model, embedder.preprocessing, fingerprint)
    assert judged(tmp_path, trained).saw_labels
    other = Embedder(embedder.name, embedder.model, embedder.preprocessing, "other")
    assert not judged(tmp_path, other).saw_labels


def test_progress_is_told_stage_by_stage(tmp_path: Path, embedder: Embedder) -> None:
    told: list[tuple[str, int, int]] = []
    judged(tinted_set(tmp_path), embedder, on_stage=lambda *step: told.append(step))
    assert ("looking at photos", 37, 37) in told
    assert told[-5:] == [("judging labels", done, 5) for done in range(1, 6)]


@pytest.mark.parametrize("package", ["cleanlab", "sklearn"])
def test_a_missing_package_is_told_with_the_command_that_installs_it(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == package else object())
    with pytest.raises(MissingExtraError, match=r"pip install 'whereshot\[learn\]'"):
        judged(tinted_set(tmp_path), embedder)


def test_each_probability_comes_from_a_classifier_that_did_not_see_the_group() -> None:
    vectors, labels = clusters(40)
    groups = np.arange(120) // 2  # pairs
    before = out_of_fold(vectors, labels, groups)
    np.testing.assert_allclose(before.sum(axis=1), 1, rtol=1e-5)
    assert (before.argmax(axis=1) == labels).mean() > 0.95
    # Whatever label a pair has, it is judged by what the others show.
    changed = labels.copy()
    changed[10:12] = 2
    after = out_of_fold(vectors, changed, groups)
    assert (after[10:12].argmax(axis=1) == labels[10:12]).all()


def test_out_of_fold_is_repeatable() -> None:
    vectors, labels = clusters(20)
    first = out_of_fold(vectors, labels, np.arange(60))
    np.testing.assert_array_equal(first, out_of_fold(vectors, labels, np.arange(60)))


def test_most_planted_errors_are_found_and_nearly_nothing_else() -> None:
    vectors, labels = clusters(200)
    noisy = labels.copy()
    planted = np.random.default_rng(1).choice(len(labels), 30, replace=False)
    noisy[planted] = (labels[planted] + 1) % 3
    found = find_suspects(out_of_fold(vectors, noisy, np.arange(600)), noisy, 0.5)
    numbers = {number for number, _ in found}
    assert len(numbers & set(planted.tolist())) >= 27
    assert len(numbers - set(planted.tolist())) <= 2
    assert all(likely == labels[number] for number, likely in found if number in planted)


def test_suspects_come_with_the_most_certain_first_and_by_the_rule_of_the_paper() -> None:
    """By hand: class 0 is usually 0.8 probable, class 1 (0.9 + 0.7 + 0.2) / 3 = 0.6."""
    probabilities = np.array(
        [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.3, 0.7], [0.8, 0.2], [0.45, 0.55]]
    )
    labels = np.array([0, 0, 0, 1, 1, 1, 0])
    # The last of class 0 leans to 1, but less than photos of 1 do: not confident, not a suspect.
    assert find_suspects(probabilities, labels, 0.0) == [(5, 0)]
    assert find_suspects(probabilities, labels, 0.79) == [(5, 0)]
    assert find_suspects(probabilities, labels, 0.81) == []


def test_a_label_that_is_next_to_impossible_is_suspect_whatever_else_is_likely() -> None:
    sure = np.array([[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]])
    odd = np.array([[0.5, 0.015, 0.485], [0.48, 0.03, 0.49], [0.5, 0.005, 0.495]])
    labels = np.array([0, 1, 2] * 5 + [1, 1, 1])
    probabilities = np.vstack([np.tile(sure, (5, 1)), odd])
    assert find_suspects(probabilities, labels, 0.5) == [(17, 0), (15, 0)]
    assert find_suspects(probabilities, labels, 0.99) == [(17, 0)]
