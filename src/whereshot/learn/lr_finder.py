"""Which learning rate? Train a little at ever higher ones, and look where the loss falls fastest.

Source: L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017), section
3.3, with the rate rising exponentially, as S. Gugger does it (2018).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from whereshot.errors import RecipeError, RunError
from whereshot.learn import optim
from whereshot.learn.batches import Batches
from whereshot.learn.config import Recipe
from whereshot.learn.distributed import join_team
from whereshot.learn.learner import Learner
from whereshot.learn.mishaps import told
from whereshot.learn.portions import read_portions
from whereshot.progress import Report, silent

_DIVERGED = 4.0  # times the least loss: beyond, nothing is learned any more
_MIN_FALL = 0.02  # of the loss at low rates: a smaller fall may be chance
_WIDTH = 1 / 25  # of the sweep: the width of the smoothing, in steps


@dataclass(frozen=True, slots=True)
class LearningRateSweep:
    """What each rate did to the loss.

    `rates` are those of the last backbone layer (of the head, where it learns alone: `key` says
    which); the others rise in step with it. `losses` are the mean losses of the batches at each
    rate, `smoothed` without their chance. `suggestion` is the rate of the steepest descent, None
    where the loss never fell. `diverged` says that the sweep ended early, before its highest rate.
    """

    key: str  # of the recipe: `optim.lr` or `optim.head_lr`
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float | None
    diverged: bool
    head_ratio: float  # the head's rate is so many times the suggested one

    @property
    def settings(self) -> tuple[str, ...]:
        """The suggestion as assignments for a recipe: `optim.lr=0.0012`."""
        if self.suggestion is None:
            return ()
        rates = {self.key: self.suggestion, "optim.head_lr": self.suggestion * self.head_ratio}
        return tuple(f"{key}={rate:.2g}" for key, rate in rates.items())


def find_learning_rate(
    recipe: Recipe,
    *,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 100,
    report: Report = silent,
) -> LearningRateSweep:
    """Train for up to `steps` steps at rates from `low` to `high`; nothing is written.

    It is the second phase of the recipe that is tried, from the network's first weights, or the
    first phase where it is the only one. The ratios between head and layers stay as they are, and
    so do batches, augmentation and weight decay. It ends where the loss is four times its least.

    Raises RecipeError, DatasetError; RunError under `torchrun`, or where the first loss is no
    number already.
    """
    if not (0 < low < high and steps >= 2):
        raise RecipeError(
            f"Expected 0 < low < high and 2 steps or more, got {low}, {high} and {steps}."
        )
    with join_team() as team:
        if team.size > 1:
            raise RunError("The learning rate is looked for by one process: start no torchrun.")
        portions = read_portions(recipe, report)
        learner = Learner(recipe, portions.training.counts(), team)
        batches = _steps(Batches(recipe, portions, team, report), recipe)
        frozen = recipe.schedule.epochs == 0
        learner.begin(frozen=frozen)
        peak = recipe.optim.head_lr if frozen else recipe.optim.lr
        rates = np.geomspace(low, high, steps).tolist()
        losses: list[float] = []
        average, least, diverged = 0.0, math.inf, False
        with told("the sweep", then="start again"):
            for step, (rate, group) in enumerate(zip(rates, batches, strict=False)):
                optim.set_learning_rates(learner.optimizer, rate / peak)
                loss = _step(learner, group, step)
                if not math.isfinite(loss):
                    diverged = True
                    break
                losses.append(loss)
                # An average of the past, corrected for its start at 0: D. Kingma, J. Ba (2015).
                average = 0.9 * average + 0.1 * loss
                recent = average / (1 - 0.9 ** (step + 1))
                least = min(least, recent)
                report("learning rate", step + 1, steps, {"rate": rate, "loss": recent})
                if recent > _DIVERGED * least:
                    diverged = True
                    break
    if not losses:
        raise RunError(
            "The loss is no number before anything is learned: look at the photos and at "
            'model.weights, or set precision = "float32".'
        )
    # A sweep that diverged ends before its last step: say that it did end, and where.
    tried = len(losses)
    report("learning rate", tried, tried, {"rate": rates[tried - 1], "loss": losses[-1]})
    smoothed = smooth(losses, width=_WIDTH * steps)
    return LearningRateSweep(
        "optim.head_lr" if frozen else "optim.lr",
        tuple(rates[: len(losses)]),
        tuple(losses),
        tuple(smoothed.tolist()),
        suggest(rates[: len(losses)], smoothed.tolist()),
        diverged,
        recipe.optim.head_lr / peak,
    )


Group = tuple[list[tuple[Tensor, Tensor]], int]
"""The batches of one step, and the photos in each."""


def _steps(batches: Batches, recipe: Recipe) -> Iterator[Group]:
    """The batches of step after step, epoch after epoch."""
    for number in itertools.count(recipe.schedule.frozen_epochs):
        epoch = batches.epoch(number)
        accumulate = min(recipe.optim.accumulate, len(epoch))
        shares = iter(epoch)
        while group := list(itertools.islice(shares, accumulate)):
            yield group, epoch.photos


def _step(learner: Learner, group: Group, number: int) -> float:
    """One step; returns the mean loss before it."""
    batches, photos = group
    losses: list[float] = []
    for part, (planes, labels) in enumerate(batches):
        planes, targets = learner.blend(planes, labels, photos=photos, turn=(number, part))
        last = part + 1 == len(batches)
        share = 1 / len(batches)
        losses.append(
            learner.backward(planes, targets, labels, photos=photos, share=share, last=last)
        )
        if not math.isfinite(losses[-1]):
            return losses[-1]
    learner.update()
    return sum(losses) / len(losses)


def smooth(losses: Sequence[float], *, width: float) -> NDArray[np.float64]:
    """Losses (N,) without their chance: each the mean of its neighbours on both sides.

    A Gaussian of `width` steps. An average of the past alone would come late, and so move the
    steepest descent to a rate that is too high.
    """
    steps = np.arange(len(losses))
    weights = np.exp(-0.5 * ((steps[:, None] - steps) / width) ** 2)
    return weights @ np.asarray(losses, dtype=np.float64) / weights.sum(1)


def suggest(rates: Sequence[float], smoothed: Sequence[float]) -> float | None:
    """The rate at which the loss falls fastest, per factor in the rate; None where it doesn't.

    Only what comes before the least loss counts.
    """
    least = int(np.argmin(smoothed))
    start = float(np.mean(smoothed[: least // 2 + 1]))
    if least < 2 or start - smoothed[least] < _MIN_FALL * abs(start):
        return None
    slopes = np.gradient(smoothed[: least + 1], np.log(rates[: least + 1]))
    return float(rates[int(np.argmin(slopes))])
