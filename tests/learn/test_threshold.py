"""A threshold is chosen on photos without a landmark that training did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whereshot.errors import DatasetError
from whereshot.learn import threshold
from whereshot.learn.answers import index_unknown
from whereshot.learn.bundling import Exported, make_prototypes
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.threshold import (
    HeldOut,
    certainty_for,
    choose_threshold,
    fit_rule,
    held_out_of,
)
from whereshot.recognize.verdict import SIGNALS


@pytest.fixture
def strangers(tmp_path: Path, paint: Callable[..., Path]) -> Path:
    """Photos without a landmark: one looks like one, surely, and three like nothing."""
    paint(tmp_path / "strangers" / "train" / "0.png", "red")
    for number in range(1, 4):
        paint(tmp_path / "strangers" / "train" / f"{number}.png", "grey")
    return tmp_path / "strangers"


def run_of(unknown: str | Path = "", **data: object) -> Any:
    recipe = SimpleNamespace(data=SimpleNamespace(unknown=str(unknown)))
    meta: Mapping[str, Any] = {"data": data}
    return SimpleNamespace(recipe=recipe, meta=meta)


def names(index: PhotoIndex | None) -> list[str]:
    return [path.name for path in index.paths] if index is not None else []


def test_the_threshold_lets_no_more_unknown_photos_through_than_allowed(
    exported: Exported, colors: PhotoIndex, strangers: Path
) -> None:
    held_out = HeldOut(index_unknown(strangers, "train"), colors)
    prototypes = make_prototypes(exported, colors)
    told: list[tuple[int, int]] = []
    strict = choose_threshold(exported, prototypes, held_out, 0.0, lambda *step: told.append(step))
    assert strict.chosen_for is not None
    assert strict.chosen_for["unknown_named_share"] == 0
    assert strict.min_probability > 0.99
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert strict.rule is None, "without photos of nothing to compare with there is no rule"
    assert strict.held_out == pytest.approx((1.0,) * 6, abs=1e-3)
    loose = choose_threshold(exported, prototypes, held_out, 0.25)
    assert loose.min_probability == 0.5
    assert loose.chosen_for == {
        "unknown_photos": 4,
        "unknown_named_share": 0.25,
        "landmark_photos": 6,
        "landmark_right_share": 1.0,
        "landmark_wrong_share": 0.0,
    }


def test_a_run_that_knew_no_strangers_chooses_on_half_of_what_it_is_given(
    colors: PhotoIndex, strangers: Path
) -> None:
    assert held_out_of(run_of(), colors, None) is None
    found = held_out_of(run_of(validation_paths=["red/1.png"]), colors, strangers)
    assert found is not None
    assert len(found.unknown) == 2
    assert sorted(names(found.unknown) + names(found.others)) == [f"{n}.png" for n in range(4)]
    assert names(found.landmarks) == ["1.png"]


def test_a_run_that_trained_on_strangers_chooses_on_those_that_it_held_out(
    colors: PhotoIndex, strangers: Path
) -> None:
    run = run_of(strangers, unknown_validation_paths=["3.png", "1.png"])
    for unknown in (None, strangers, strangers / "train"):
        found = held_out_of(run, colors, unknown)
        assert found is not None
        assert names(found.unknown) == ["1.png", "3.png"]
        assert names(found.others) == ["0.png", "2.png"]
    (strangers / "train" / "3.png").unlink()
    with pytest.raises(DatasetError, match="lacks 1 of the 2 photos that the run held out"):
        held_out_of(run, colors, None)


def test_a_run_that_held_no_stranger_out_has_nothing_to_choose_on(
    colors: PhotoIndex, strangers: Path
) -> None:
    with pytest.raises(DatasetError, match=r"data\.unknown_validation above 0"):
        held_out_of(run_of(strangers, unknown_validation_paths=[]), colors, None)


def test_strangers_that_were_moved_away_are_asked_for(colors: PhotoIndex, tmp_path: Path) -> None:
    run = run_of(tmp_path / "gone", unknown_validation_paths=["1.png"])
    with pytest.raises(DatasetError, match=r"No folder at '.*gone'.*--unknown DIR"):
        held_out_of(run, colors, None)


def test_a_rule_is_fitted_where_there_are_photos_of_nothing_to_compare_with(
    exported: Exported,
    colors: PhotoIndex,
    strangers: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threshold, "ENOUGH", 2)
    index = index_unknown(strangers, "train")
    grey = [number for number, path in enumerate(index.paths) if path.name != "0.png"]
    prototypes = make_prototypes(exported, colors, index.subset(grey[:1]))
    held_out = HeldOut(index.subset(grey[1:]), colors, index.subset(grey[:1]))
    found = choose_threshold(exported, prototypes, held_out, 0.0)
    assert found.rule is not None
    assert found.strictness is not None
    assert found.rule.weights["log_odds"] > 0
    assert found.chosen_for is not None
    assert found.chosen_for["unknown_named_share"] == 0
    assert found.chosen_for["landmark_right_share"] == 1
    shares = [share for share, _ in found.strictness.false_shares]
    certainties = [certainty for _, certainty in found.strictness.false_shares]
    assert shares == sorted(shares, reverse=True)
    assert certainties == sorted(certainties)


def test_the_rule_is_that_of_a_logistic_regression() -> None:
    sure, unsure = np.array([[5.0, 4.0, 0.9, 0.1]]), np.array([[0.0, 1.0, 0.3, 0.6]])
    rng = np.random.default_rng(0)
    right = sure + rng.normal(0, 1, (200, 4))
    strangers = unsure + rng.normal(0, 1, (300, 4))
    rule = fit_rule(right, np.ones(200, dtype=np.bool_), strangers)
    assert set(rule.weights) == set(SIGNALS)
    assert rule.certainty(sure)[0] > 0.9 > 0.1 > rule.certainty(unsure)[0]
    assert rule.weights["strangeness"] < 0 < rule.weights["log_odds"]
    # Fitted, so calibrated: on its own photos the mean certainty is the share of right ones.
    every = np.concatenate([right, strangers])
    assert rule.certainty(every).mean() == pytest.approx(0.4, abs=0.01)


def test_a_threshold_is_counted_where_photos_can_be_counted() -> None:
    false = np.linspace(0, 0.999, 1000)
    for share in (0.5, 0.05, 0.003):
        named = (false >= certainty_for(false, share)).mean()
        assert share - 0.001 <= named <= share
    assert certainty_for(false, 0.0) > 0.999


def test_a_threshold_beyond_what_can_be_counted_follows_the_tail() -> None:
    rng = np.random.default_rng(0)
    odds = rng.exponential(1.0, 1000)
    false = 1 / (1 + np.exp(-odds))
    at = certainty_for(false, 0.0005)
    # 1 - F(t) = exp(-t): the true log-odds of this share are log(2000).
    assert np.log(at / (1 - at)) == pytest.approx(np.log(2000), abs=1.0)
    assert at >= np.sort(false)[-1], "counted, nobody may be named"
