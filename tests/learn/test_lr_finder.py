from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_training import tiny_photos, tiny_recipe

from whereshot.errors import DatasetError, RecipeError, RunError
from whereshot.learn import learner
from whereshot.learn.lr_finder import find_learning_rate, smooth, suggest

pytestmark = pytest.mark.usefixtures("one_thread")

SCRATCH = ("schedule.frozen_epochs=0", "optim.head_lr=2e-3")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


def a_sweep(rates: np.ndarray, steepest: float) -> np.ndarray:
    """A loss that falls from 4 to 1 around a rate, and bursts beyond a thousand times that."""
    decades = np.log10(rates / steepest)
    return 1 + 3 / (1 + np.exp(3 * decades)) + np.exp(8 * (decades - 3))


# -- from losses to a rate -----------------------------------------------------------------


@pytest.mark.parametrize("steepest", [1e-4, 1e-3, 1e-2])
def test_the_steepest_descent_is_suggested(steepest: float) -> None:
    rates = np.geomspace(1e-6, 10, 100)
    losses = a_sweep(rates, steepest)
    assert suggest(rates.tolist(), losses.tolist()) == pytest.approx(steepest, rel=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_chance_moves_the_suggestion_by_less_than_a_factor_of_two(seed: int) -> None:
    rates = np.geomspace(1e-6, 1, 100)
    noise = np.random.default_rng(seed).normal(0, 0.15, 100)
    found = suggest(rates.tolist(), smooth(a_sweep(rates, 1e-3) + noise, width=4).tolist())
    assert found is not None
    assert 0.5e-3 < found < 2e-3


def test_smoothing_moves_no_edge_to_one_side_and_keeps_what_is_even() -> None:
    step = np.repeat([1.0, 0.0], 30)
    smoothed = smooth(step, width=3)
    assert smoothed[29] + smoothed[30] == pytest.approx(1)
    assert smoothed[0] == pytest.approx(1)
    assert smooth([2.5] * 9, width=2) == pytest.approx([2.5] * 9)
    noise = np.random.default_rng(0).normal(size=1000)
    assert smooth(noise, width=4).std() < 0.4 * noise.std()


@pytest.mark.parametrize(
    "losses",
    [
        [4.0, 4.0, 4.0, 4.0, 4.0],
        [4.0, 4.5, 5.0, 8.0, 20.0],
        [4.0, 3.99, 3.98, 3.97, 3.96],  # a percent is chance
        [4.0],
    ],
)
def test_where_the_loss_never_falls_nothing_is_suggested(losses: list[float]) -> None:
    assert suggest(np.geomspace(1e-5, 1, len(losses)).tolist(), losses) is None


# -- a sweep -------------------------------------------------------------------------------


def test_rates_rise_exponentially_and_the_suggestion_is_one_of_them(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[tuple[str, int, int]] = []
    sweep = find_learning_rate(
        tiny_recipe(photos, *SCRATCH, "optim.batch=6"),
        low=1e-5,
        high=1e-1,
        steps=30,
        report=lambda stage, done, total, _: calls.append((stage, done, total)),
    )
    ratios = np.array(sweep.rates[1:]) / np.array(sweep.rates[:-1])
    assert ratios == pytest.approx([10 ** (4 / 29)] * (len(sweep.rates) - 1))
    assert sweep.rates[0] == pytest.approx(1e-5)
    assert len(sweep.losses) == len(sweep.smoothed) == len(sweep.rates)
    assert sweep.losses[0] == pytest.approx(math.log(3), abs=0.05)
    assert sweep.suggestion in sweep.rates
    assert 1e-4 < sweep.suggestion < 1e-1
    assert ("learning rate", 30, 30) in calls
    assert list(tmp_path.iterdir()) == []  # nothing is written
    assert sweep.key == "optim.lr"
    head = 2 * sweep.suggestion  # as in the recipe: 2e-3 to 1e-3
    assert sweep.settings == (f"optim.lr={sweep.suggestion:.2g}", f"optim.head_lr={head:.2g}")


def test_the_same_recipe_gives_the_same_sweep(photos: Path) -> None:
    lively = (*SCRATCH, "augment.mixup=0.5", "model.dropout=0.4")
    sweeps = [
        find_learning_rate(tiny_recipe(photos, *lively, f"data.workers={workers}"), steps=6)
        for workers in (0, 1)
    ]
    assert sweeps[0] == sweeps[1]


def test_it_ends_where_the_training_diverges(photos: Path) -> None:
    recipe = tiny_recipe(photos, *SCRATCH, "optim.weight_decay=0", "optim.clip=0")
    sweep = find_learning_rate(recipe, low=1e-3, high=1e30, steps=60)
    assert sweep.diverged
    assert len(sweep.rates) < 60
    assert all(math.isfinite(loss) for loss in sweep.losses)


def test_each_step_takes_as_many_batches_as_the_recipe_says(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[tuple[float, bool]] = []
    backward = learner.Learner.backward

    def noted(self: learner.Learner, *arguments: object, **named: object) -> float:
        shares.append((named["share"], named["last"]))  # type: ignore[arg-type]
        return backward(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(learner.Learner, "backward", noted)
    find_learning_rate(tiny_recipe(photos, *SCRATCH, "optim.accumulate=2"), steps=3)
    # 12 photos make 3 batches of 4 an epoch: a group of 2, a group of 1, and so on.
    assert shares == [(0.5, False), (0.5, True), (1.0, True), (0.5, False), (0.5, True)]


def test_the_ratios_between_head_and_layers_stay_those_of_the_recipe(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[list[float]] = []
    update = learner.Learner.update

    def noted(self: learner.Learner) -> None:
        rates.append([group["lr"] for group in self.optimizer.param_groups])
        update(self)

    monkeypatch.setattr(learner.Learner, "update", noted)
    recipe = tiny_recipe(photos, *SCRATCH, "optim.layer_decay=0.5", "optim.lr=1e-3")
    sweep = find_learning_rate(recipe, low=1e-4, high=1e-2, steps=3)
    for row, rate in zip(rates, sweep.rates, strict=True):
        assert row[0] == pytest.approx(2 * rate)  # the head
        assert max(row[2:]) == pytest.approx(rate)  # the last layer
        assert min(row[2:]) < 0.3 * rate


def test_where_the_head_learns_alone_it_is_its_rate(photos: Path) -> None:
    recipe = tiny_recipe(photos, "schedule.frozen_epochs=2", "schedule.epochs=0")
    sweep = find_learning_rate(recipe, low=1e-3, high=10, steps=20)
    assert sweep.key == "optim.head_lr"
    assert sweep.suggestion is not None
    assert sweep.settings == (f"optim.head_lr={sweep.suggestion:.2g}",)


def test_random_numbers_of_the_caller_decide_nothing(photos: Path) -> None:
    recipe = tiny_recipe(photos, *SCRATCH, "model.dropout=0.4")
    torch.manual_seed(1)
    first = find_learning_rate(recipe, steps=2)
    torch.manual_seed(2)
    assert find_learning_rate(recipe, steps=2) == first


# -- what goes wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high", "steps"), [(0.0, 1, 9), (1, 1e-3, 9), (1e-3, 1, 1)])
def test_a_sweep_that_goes_nowhere_is_refused(
    photos: Path, low: float, high: float, steps: int
) -> None:
    with pytest.raises(RecipeError, match="Expected 0 < low < high and 2 steps or more"):
        find_learning_rate(tiny_recipe(photos), low=low, high=high, steps=steps)


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No folder at"):
        find_learning_rate(tiny_recipe(tmp_path / "nowhere"))


def test_a_loss_that_is_no_number_from_the_start_is_an_error(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner.Learner, "backward", lambda *_, **__: math.nan)
    with pytest.raises(RunError, match="no number before anything is learned"):
        find_learning_rate(tiny_recipe(photos, *SCRATCH))
