"""Explanations of a bundle and of a run, whole and with parts missing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from whereshot.learn.evaluate import answer
from whereshot.learn.explain import explain, explanation, overlay_of
from whereshot.learn.explain.looks import PICTURE_PX


def test_a_bundle_is_explained_by_class_activation(bundle, painted):
    found = explain(answer(bundle, painted, embeddings=True))

    wrong = [each for each in found.seen if each.landmark != each.predicted]
    right = [each for each in found.seen if each.landmark == each.predicted]
    # One photo of each confusion, one of each landmark that has a right one.
    assert sorted((each.landmark, each.predicted) for each in wrong) == [
        ("Machu Picchu", "Golden Gate Bridge"),
        ("Niagara Falls", "Machu Picchu"),
    ]
    assert len({each.landmark for each in right}) == len(right) == 3
    for each in wrong:
        captions = [picture.caption for picture in each.pictures]
        assert captions == ["the photo", f"for {each.predicted}", f"for {each.landmark}"]
    assert [len(each.pictures) for each in right] == [2, 2, 2]
    assert {each.pixels.shape for each in wrong[0].pictures} == {(PICTURE_PX, PICTURE_PX, 3)}
    assert "4 x 4 cells" in found.seen_note
    assert "a bundle has none" in found.seen_note
    assert found.filters is None
    assert "no convolution" in found.filters_note


def test_a_run_is_explained_by_gradients_too(run_subject, painted):
    found = explain(answer(run_subject, painted, embeddings=True))

    captions = [each.caption for each in found.seen[0].pictures]
    assert captions[0] == "the photo"
    assert captions[-1] == f"for {found.seen[0].predicted}, Grad-CAM"
    assert "Grad-CAM: the same of 4 x 4 cells earlier on (backbone.net.blocks." in found.seen_note
    assert found.filters is not None
    assert found.filters.shape[1:] == (3, 3, 3)


def test_every_photo_is_a_dot_of_its_landmark(bundle, painted):
    found = explain(answer(bundle, painted, embeddings=True))

    assert found.dots == 10
    assert [(each.landmark, len(each.points)) for each in found.clusters] == [
        ("Golden Gate Bridge", 4),
        ("Machu Picchu", 4),
        ("Niagara Falls", 2),
    ]
    # In the order of the paths: 0, 1, odd0, odd1.
    assert found.clusters[1].taken_for == (None, None, "Golden Gate Bridge", "Golden Gate Bridge")
    red = np.concatenate([found.clusters[0].points, found.clusters[1].points[2:]])
    assert np.ptp(red, axis=0).max() < 1e-3


def test_of_many_photos_a_sample_becomes_dots(bundle, painted, monkeypatch):
    monkeypatch.setattr(explanation, "_MOST_DOTS", 6)
    answered = answer(bundle, painted, embeddings=True)

    first, again = explain(answered), explain(answered)

    assert first.dots == sum(len(each.points) for each in first.clusters) == 6
    assert [each.taken_for for each in first.clusters] == [
        each.taken_for for each in again.clusters
    ]


def test_the_most_confused_are_paired(bundle, painted):
    pairs = explain(answer(bundle, painted, embeddings=True)).pairs

    assert [(each.landmark, each.predicted, each.confusions) for each in pairs] == [
        ("Machu Picchu", "Golden Gate Bridge", 2),
        ("Niagara Falls", "Machu Picchu", 1),
    ]
    assert pairs[0].similar.parent.name == "Golden_Gate_Bridge"
    assert pairs[0].similarity == pytest.approx(1, abs=1e-4)


def test_without_photos_nothing_shows_or_names_one(bundle, painted):
    found = explain(answer(bundle, painted, embeddings=True), photos=False)

    assert (found.seen, found.pairs) == ((), ())
    assert "left out" in found.seen_note
    assert found.clusters


def test_photos_that_are_gone_by_now_are_left_out(bundle, painted):
    answered = answer(bundle, painted, embeddings=True)
    for photo in (painted / "Machu_Picchu").iterdir():
        photo.unlink()

    found = explain(answered)

    assert {each.landmark for each in found.seen} == {"Golden Gate Bridge", "Niagara Falls"}


def test_without_onnx_a_bundle_keeps_what_needs_none(bundle, painted, monkeypatch):
    answered = answer(bundle, painted, embeddings=True)
    monkeypatch.setitem(sys.modules, "onnx", None)

    found = explain(answered)

    assert found.seen == ()
    assert "pip install" in found.seen_note
    assert "pip install" in found.filters_note
    assert found.clusters
    assert found.pairs


def test_answers_without_embeddings_are_an_error(bundle, painted):
    with pytest.raises(ValueError, match="embeddings=True"):
        explain(answer(bundle, painted))


def test_heat_is_where_the_landmarks_color_is(bundle, tmp_path):
    """Blue on the left, red on the right: the Golden Gate Bridge is red."""
    from PIL import Image

    halves = Image.new("RGB", (96, 96), (30, 30, 220))
    halves.paste((220, 30, 30), (48, 0, 96, 96))
    halves.save(tmp_path / "halves.png")

    for landmark, warm in ((0, slice(140, 240)), (2, slice(0, 100))):
        shown = overlay_of(bundle, tmp_path / "halves.png", landmark).astype(int)
        plain = overlay_of(bundle, tmp_path / "halves.png", 1).astype(int)  # nothing is green
        changed = np.abs(shown - plain).sum(axis=2)
        assert changed[:, warm].mean() > 100
        cold = slice(0, 90) if warm.start else slice(150, 240)
        assert changed[:, cold].mean() < 10


def test_a_bundle_is_explained_without_torch(tiny_bundle, painted):
    program = (
        "import sys; from whereshot.learn.evaluate import answer, measure;"
        "from whereshot.learn.explain import explain;"
        "from whereshot.learn.report.page import render_report;"
        "from whereshot.learn.subject import load_subject;"
        "answered = answer(load_subject(sys.argv[1]), sys.argv[2], embeddings=True);"
        "render_report(measure(answered), explain(answered));"
        "print(sorted({'torch', 'timm', 'matplotlib'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, tiny_bundle, painted],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
