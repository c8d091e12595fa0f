"""Evaluation from folders to figures, on painted photos whose answers are known."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from untrained import untrained_run

from whereshot.errors import DatasetError
from whereshot.geo import haversine_km
from whereshot.learn.evaluate import answer, evaluate
from whereshot.learn.subject import Subject, load_subject
from whereshot.recognize.judge import Judge

Paint = Callable[..., Path]

GOLDEN_GATE, MACHU_PICCHU, NIAGARA = "09.Golden_Gate_Bridge", "Machu_Picchu", "Niagara_Falls"


@pytest.fixture
def subject(tiny_bundle: Path) -> Subject:
    """Red is the Golden Gate Bridge, green Machu Picchu, blue Niagara Falls."""
    return load_subject(tiny_bundle)


@pytest.fixture
def photos(tmp_path: Path, paint: Paint) -> Path:
    """Ten photos, of which two show another landmark's color."""
    folder = tmp_path / "photos"
    for number in range(4):
        paint(folder / GOLDEN_GATE / f"{number}.png", "red")
    for number in range(3):
        paint(folder / MACHU_PICCHU / f"{number}.png", "green")
    paint(folder / MACHU_PICCHU / "odd.png", "red")
    paint(folder / NIAGARA / "0.png", "blue")
    paint(folder / NIAGARA / "odd.png", "green")
    return folder


@pytest.fixture
def unknown(tmp_path: Path, paint: Paint) -> Path:
    folder = tmp_path / "unknown"
    for number in range(3):
        paint(folder / f"{number}.png", "grey")
    paint(folder / "more" / "red.png", "red")
    return folder


def test_accuracy_is_what_the_colors_say(subject, photos):
    found = evaluate(subject, photos)

    assert found.accuracy.top1.value == pytest.approx(8 / 10)
    assert found.accuracy.top5.value == 1.0
    assert found.accuracy.macro.value == pytest.approx((4 / 4 + 3 / 4 + 1 / 2) / 3)
    assert found.accuracy.top1.low < 0.8 < found.accuracy.top1.high


def test_each_landmark_has_its_row(subject, photos):
    golden_gate, machu_picchu, niagara = evaluate(subject, photos).landmarks

    assert (golden_gate.photos, golden_gate.recall, golden_gate.precision) == (4, 1.0, 4 / 5)
    assert golden_gate.confused_with is None
    assert (machu_picchu.recall, machu_picchu.confused_with) == (3 / 4, "Golden Gate Bridge")
    assert (niagara.recall, niagara.confused_photos) == (1 / 2, 1)


def test_confusion_has_the_cells_that_are_not_empty(subject, photos):
    found = evaluate(subject, photos)

    assert set(found.confusion) == {(0, 0, 4), (1, 1, 3), (1, 0, 1), (2, 2, 1), (2, 1, 1)}
    assert [(true.id, taken.id) for true, taken, _ in found.pairs(9)] == [
        ("machu_picchu", "golden_gate_bridge"),
        ("niagara_falls", "machu_picchu"),
    ]
    assert [row.id for row in found.worst(9)] == ["niagara_falls", "machu_picchu"]


def test_distance_is_from_the_answers_place_to_the_true_one(subject, photos):
    found = evaluate(subject, photos)

    assert found.geography.median_km == 0.0
    assert found.geography.within_25_km.value == found.geography.within_1_km.value == 0.8
    mistakes = {each.photo: each for each in found.mistakes}
    assert mistakes[f"{MACHU_PICCHU}/odd.png"].distance_km == pytest.approx(
        haversine_km((-13.1631, -72.545), (37.8199, -122.4786))
    )


def test_mistakes_are_named_the_surest_first(subject, photos):
    reddish = Image.new("RGB", (64, 48), (140, 128, 120))
    reddish.save(photos / NIAGARA / "reddish.png")

    mistakes = evaluate(subject, photos).mistakes

    assert [each.photo for each in mistakes][-1] == f"{NIAGARA}/reddish.png"
    assert [each.confidence for each in mistakes] == sorted(
        (each.confidence for each in mistakes), reverse=True
    )
    assert mistakes[0].confidence > 0.9
    assert (mistakes[-1].landmark, mistakes[-1].predicted) == (
        "Niagara Falls",
        "Golden Gate Bridge",
    )


def test_calibration_is_measured_before_and_after_the_temperature(subject, photos):
    found = evaluate(subject, photos)

    answers = np.array([1.0] * 8 + [0.0] * 2)
    # 40 times the channel's distance from the mean of (220, 30, 30) and 255 as one.
    logits = 40 * (np.array([220, 30, 30]) - np.mean([220, 30, 30])) / 255
    for calibration, temperature in ((found.uncalibrated, 1.0), (found.calibrated, 2.0)):
        powers = np.exp(logits / temperature)
        sure = powers[0] / powers.sum()
        assert calibration.ece.value == pytest.approx(sure - answers.mean(), abs=0.02)
        losses = -np.log(np.where(answers == 1, sure, powers[1] / powers.sum()))
        assert calibration.nll.value == pytest.approx(losses.mean(), rel=0.02)
        assert sum(each.photos for each in calibration.bins) == 10


def test_the_verdict_has_figures_of_its_own(subject, photos, paint):
    paint(photos / GOLDEN_GATE / "grey.png", "grey")

    verdicts = evaluate(subject, photos).verdicts

    assert verdicts is not None
    assert verdicts.min_certainty == 0.6
    assert verdicts.right.value == pytest.approx(8 / 11)
    assert verdicts.wrong.value == pytest.approx(2 / 11)
    assert verdicts.unknown.value == pytest.approx(1 / 11)


def test_another_threshold_may_be_tried(subject, photos, paint):
    paint(photos / GOLDEN_GATE / "grey.png", "grey")

    verdicts = evaluate(subject, photos, min_certainty=0.0).verdicts

    assert verdicts is not None
    assert verdicts.unknown.value == 0.0


@pytest.mark.parametrize("threshold", [-0.1, 1.5])
def test_a_threshold_that_is_no_probability_is_an_error(subject, photos, threshold):
    with pytest.raises(ValueError, match=rf"in \[0, 1\], got {threshold}"):
        evaluate(subject, photos, min_certainty=threshold)


def test_photos_without_a_landmark_are_told_apart_by_confidence(subject, photos, unknown):
    found = evaluate(subject, photos, unknown=unknown).open_set

    assert found is not None
    assert found.photos == 4
    assert found.false_landmarks is not None
    assert found.false_landmarks.value == 1 / 4
    assert [(each.photo, each.landmark) for each in found.named] == [("more/red.png", None)]
    # All landmark photos are surer than the 3 grey ones, and about as sure as the red one.
    # Without a rule, the certainty is the probability.
    assert found.certainty == found.probability
    assert 3 / 4 < found.certainty.auroc < 1
    assert found.certainty.fpr_at_95_recall == pytest.approx(1 / 4)
    assert 0.4 < found.certainty.gap < 0.8
    rarer = (found.certainty.gap_at_10_percent, found.certainty.gap_at_1_percent)
    assert found.certainty.gap > rarer[0] > rarer[1] > 0


def test_the_histogram_counts_every_photo_once(subject, photos, unknown):
    histogram = evaluate(subject, photos, unknown=unknown).histogram

    assert [sum(histogram.right), sum(histogram.wrong), sum(histogram.unknown)] == [8, 2, 4]


def test_photos_are_judged_once_whatever_figures_are_made_of_them(
    subject, photos, unknown, monkeypatch
):
    asked: list[int] = []
    judge = Judge.judge

    def counting(self, logits, embeddings=None):
        asked.append(len(logits))
        return judge(self, logits, embeddings)

    monkeypatch.setattr(Judge, "judge", counting)
    evaluate(subject, photos, unknown=unknown)
    assert asked == [10, 4]


def test_embeddings_come_with_the_answers_where_they_are_wanted(subject, photos):
    plain, with_embeddings = (
        answer(subject, photos, embeddings=wanted).answers for wanted in (False, True)
    )

    assert plain.embeddings is None
    assert with_embeddings.logits.tolist() == plain.logits.tolist()
    # The embedding of the tiny network is the mean color, as a direction.
    red = np.array([220, 30, 30]) / np.linalg.norm([220, 30, 30])
    assert with_embeddings.embeddings.shape == (10, 3)
    np.testing.assert_allclose(with_embeddings.embeddings[0], red, atol=1e-3)


def test_unreadable_and_unknown_ones_are_reported_and_the_others_go_on(subject, photos, paint):
    (photos / GOLDEN_GATE / "3.png").write_bytes(b"")
    paint(photos / "My_Garden" / "a.png")

    data = evaluate(subject, photos).data

    assert data.photos == 9
    assert data.left_out == {"My_Garden": 1}
    [(photo, reason)] = data.unreadable
    assert photo == f"{GOLDEN_GATE}/3.png"
    assert "empty" in reason


def test_a_test_folder_is_taken_where_there_is_one(subject, tmp_path, paint):
    paint(tmp_path / "train" / MACHU_PICCHU / "a.png", "red")
    paint(tmp_path / "test" / MACHU_PICCHU / "b.png", "green")

    found = evaluate(subject, tmp_path)

    assert found.data.folder == str(tmp_path / "test")
    assert found.accuracy.top1.value == 1.0


def test_the_courses_layout_is_taken(subject, tmp_path, paint):
    paint(tmp_path / "landmark_images" / "train" / GOLDEN_GATE / "a.jpg", "blue")
    paint(tmp_path / "landmark_images" / "test" / GOLDEN_GATE / "b.jpg", "red")

    assert evaluate(subject, tmp_path).accuracy.top1.value == 1.0


def test_one_photo_of_one_landmark_is_enough(subject, tmp_path, paint):
    paint(tmp_path / MACHU_PICCHU / "a.png", "green")

    found = evaluate(subject, tmp_path)

    assert (found.data.photos, found.data.landmarks, found.measured.landmarks) == (1, 1, 3)
    assert (found.accuracy.top1.low, found.accuracy.top1.high) == (pytest.approx(0.025), 1.0)
    assert not found.mistakes
    assert [row.recall for row in found.landmarks] == [None, 1.0, None]


def test_nothing_to_measure_on_is_an_error(subject, tmp_path):
    with pytest.raises(DatasetError, match="no class folders"):
        evaluate(subject, tmp_path)


def test_the_same_photos_give_the_same_figures_again(subject, photos, unknown):
    first, again = (
        evaluate(subject, photos, unknown=unknown, workers=workers).to_dict() for workers in (1, 3)
    )
    del first["environment"], again["environment"]

    assert first == again


def test_to_dict_is_json_and_says_what_was_measured(subject, photos, unknown):
    found = evaluate(subject, photos, unknown=unknown, path="tiny", command="whereshot evaluate")

    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))

    assert record["schema"] == "1.0"
    assert record["measured"]["name"] == "tiny@1"
    assert record["accuracy"]["top1"]["value"] == pytest.approx(0.8)
    assert set(record["accuracy"]["top1"]) == {"value", "low", "high"}
    assert record["open_set"]["named"][0]["predicted"] == "Golden Gate Bridge"
    assert len(record["data"]["fingerprint"]) == 64
    assert record["environment"]["versions"]["onnxruntime"]


def test_an_error_of_unknown_size_is_null_in_json(subject, photos):
    from dataclasses import replace

    lost = replace(subject, places=(None, *subject.places[1:]))

    record = evaluate(lost, photos).to_dict()

    distances = {each["photo"]: each["distance_km"] for each in record["mistakes"]}
    assert distances[f"{MACHU_PICCHU}/odd.png"] is None
    assert distances[f"{NIAGARA}/odd.png"] > 1000
    assert record["geography"]["unplaced"] == 1
    assert record["geography"]["median_km"] == 0.0


def test_a_network_measured_on_its_own_training_photos_is_marked(subject, photos):
    from dataclasses import replace

    from whereshot.learn.dataset import index_folder

    fingerprint = index_folder(photos).fingerprint()

    assert evaluate(replace(subject, trained_on=fingerprint), photos).data.trained_on
    assert not evaluate(replace(subject, trained_on="0" * 64), photos).data.trained_on


def test_a_run_is_evaluated_like_a_bundle(photos, unknown, tmp_path, one_thread):
    """An untrained network, of two classes of which one is not in the gazetteer."""
    folder = untrained_run(tmp_path / "run", [GOLDEN_GATE, "Garden"])

    found = evaluate(load_subject(folder), photos, unknown=unknown)

    assert (found.measured.kind, found.measured.min_certainty) == ("run", None)
    assert (found.data.photos, found.verdicts) == (4, None)
    assert found.data.left_out == {MACHU_PICCHU: 4, NIAGARA: 2}
    assert found.open_set is not None
    assert found.open_set.false_landmarks is None
    assert found.geography.unplaced == 1
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_a_bundle_is_evaluated_without_torch(tiny_bundle, photos):
    program = (
        "import sys; from whereshot.learn.evaluate import evaluate;"
        "from whereshot.learn.report.page import render_report;"
        "from whereshot.learn.subject import load_subject;"
        "found = evaluate(load_subject(sys.argv[1]), sys.argv[2]); render_report(found);"
        "print(sorted({'torch', 'timm', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, tiny_bundle, photos],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
