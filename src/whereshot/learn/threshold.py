"""The threshold between a name and `unknown`, chosen on photos that training did not see.

Its price is stated with it: how many photos without a landmark it lets through, and how many
photos of landmarks it leaves unnamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import DatasetError
from whereshot.learn.answers import Answers, index_unknown
from whereshot.learn.bundling import Exported, Report, embeddings_of, silent
from whereshot.learn.dataset import PhotoIndex, split
from whereshot.learn.run import Run
from whereshot.recognize.judge import Judge
from whereshot.recognize.prototypes import Prototypes, Witnesses
from whereshot.recognize.verdict import SIGNALS, Rule, Strictness

DEFAULT_MIN_PROBABILITY = 0.5
SHARES = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""The shares of photos without a landmark that may be named, for which thresholds are kept."""

ENOUGH = 30
"""A rule is fitted where there are so many photos that it should name, and that it should not."""

_COUNTED = 3  # photos above a threshold; where there are fewer, their number says little
_NEXT_TO_NOTHING = 1e-12  # the odds of certainties stay finite
_TAIL = 0.05  # of the photos without a landmark: the ones that look most like one


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Photos that training did not see: without a landmark, and of landmarks.

    The first decide about a threshold; on the second, if there are any, a rule is fitted and the
    price is measured. `others` are photos without a landmark that are none of the first: what
    strange photos look like.
    """

    unknown: PhotoIndex
    landmarks: PhotoIndex | None = None
    others: PhotoIndex | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """What makes a verdict, and the error rates that it was chosen for.

    `min_probability` is the threshold on the best probability alone; `rule` and `strictness` are
    there where there were photos to fit a rule on. `held_out` are the probabilities of the true
    landmarks of held-out photos; `witnesses` are these photos themselves.
    """

    min_probability: float = DEFAULT_MIN_PROBABILITY
    rule: Rule | None = None
    strictness: Strictness | None = None
    held_out: tuple[float, ...] = ()
    witnesses: Witnesses = field(default_factory=Witnesses)
    chosen_for: Mapping[str, Any] | None = None


def held_out_of(run: Run, training: PhotoIndex, unknown: Path | None) -> HeldOut | None:
    """What a run can choose its threshold on; None where there are no photos without a landmark.

    `unknown` is a folder of those (`train` in it, or as it is), by default the recipe's. Of a run
    that trained on them, those that it held out count; of another run, half of them.
    """
    if unknown is None:
        if not run.recipe.data.unknown:
            return None
        unknown = Path(run.recipe.data.unknown)
        if not unknown.is_dir():
            raise DatasetError(
                f"No folder at '{unknown}', where the run had its photos without a landmark; the "
                "bundle's threshold is chosen on those it did not see. Say where: --unknown DIR"
            )
    others, unseen = _apart(run, index_unknown(unknown, "train"))
    return HeldOut(unseen, validation_of(run, training), others if len(others) else None)


def choose_threshold(
    exported: Exported,
    prototypes: Prototypes,
    held_out: HeldOut,
    max_false_share: float,
    report: Report = silent,
) -> Threshold:
    """What makes a verdict such that at most `max_false_share` of the unknown photos are named.

    A rule on several signals where there are enough held-out photos of both kinds; beside it a
    threshold on the probability alone, never below one half.
    """
    total = len(held_out.unknown) + len(held_out.landmarks or ())

    def after(before: int) -> Report:
        return lambda done, _: report(before + done, total)

    plain = Judge(exported.temperature, prototypes)
    strangers = exported.answers(held_out.unknown, after(0))
    false = plain.judge(strangers.logits).certainty
    min_probability = max(DEFAULT_MIN_PROBABILITY, _counted(false, max_false_share))
    if held_out.landmarks is None:
        return Threshold(min_probability, chosen_for=_false_names(false, min_probability))
    known = exported.answers(held_out.landmarks, after(len(held_out.unknown)))
    probabilities = plain.judge(known.logits).probabilities
    right = probabilities.argmax(axis=1) == known.labels
    of_truth = probabilities[np.arange(len(right)), known.labels]
    certainties, threshold = probabilities.max(axis=1), min_probability
    rule = strictness = None
    if len(prototypes.others) and min(int(right.sum()), len(false)) >= ENOUGH:
        rule = fit_rule(_signals(plain, known), right, _signals(plain, strangers))
        certainties = rule.certainty(_signals(plain, known))
        false = rule.certainty(_signals(plain, strangers))
        shares = sorted({*SHARES, max_false_share}, reverse=True)
        strictness = Strictness(
            certainty_for(false, max_false_share),
            tuple((share, certainty_for(false, share)) for share in shares if share > 0),
        )
        threshold = strictness.min_certainty
    named = certainties >= threshold
    figures = _false_names(false, threshold) | {
        "landmark_photos": len(right),
        "landmark_right_share": _share(named & right),
        "landmark_wrong_share": _share(named & ~right),
    }
    truths = tuple(np.sort(of_truth).tolist())
    witnesses = _witnesses(known, np.where(right, of_truth, 0.0), strangers)
    return Threshold(min_probability, rule, strictness, truths, witnesses, figures)


def fit_rule(
    signals: NDArray[np.float64], right: NDArray[np.bool_], strangers: NDArray[np.float64]
) -> Rule:
    """The logistic rule that tells rightly named photos from all others.

    `signals` (N, 4) are those of photos of landmarks, `right` (N,) says which of them the best
    landmark is true of; `strangers` (M, 4) are those of photos without one.
    """
    from sklearn.linear_model import LogisticRegression

    table = np.concatenate([signals, strangers])
    truth = np.concatenate([right, np.zeros(len(strangers), dtype=np.bool_)])
    mean, spread = table.mean(axis=0), table.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=1.0).fit((table - mean) / spread, truth)
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - weights @ mean)
    return Rule(bias, dict(zip(SIGNALS, map(float, weights), strict=True)))


def certainty_for(false: NDArray[np.float64], share: float) -> float:
    """The certainty that at most `share` of the photos without a landmark reach.

    `false` are the certainties (N,) of such photos. Where too few of them would be above the
    threshold to be counted, the tail of their log-odds is taken for exponential, as tails beyond a
    high threshold tend to be (J. Pickands, "Statistical Inference Using Extreme Order Statistics",
    1975).
    """
    if share * len(false) >= _COUNTED or share == 0:
        return _counted(false, share)
    inside = np.clip(false, _NEXT_TO_NOTHING, 1 - _NEXT_TO_NOTHING)
    odds = np.sort(np.log(inside) - np.log1p(-inside))[::-1]
    count = max(1, int(_TAIL * len(odds)))
    base = odds[min(count, len(odds) - 1)]
    threshold = base + (odds[:count] - base).mean() * np.log(count / len(odds) / share)
    # Never below what is counted: an extrapolation must not undo what was seen.
    return max(float(1 / (1 + np.exp(-threshold))), _counted(false, share))


def _counted(false: NDArray[np.float64], share: float) -> float:
    """The least certainty at which at most this share of (N,) certainties would be named."""
    ordered = np.sort(false)
    allowed = int(share * len(ordered))
    first_too_many = ordered[-1 - allowed] if allowed < len(ordered) else 0.0
    return float(np.nextafter(first_too_many, 1))


def _signals(judge: Judge, answers: Answers) -> NDArray[np.float64]:
    return judge.signals(answers.logits, embeddings_of(answers))


def _witnesses(known: Answers, best: NDArray[np.float64], strangers: Answers) -> Witnesses:
    embeddings = np.concatenate([embeddings_of(known), embeddings_of(strangers)])
    best = np.concatenate([best, np.zeros(len(strangers))])
    # A photo in which the network sees nothing at all, such as a plain surface, has no direction.
    seen = np.linalg.norm(embeddings, axis=1) > 0
    return Witnesses(embeddings[seen], best[seen].astype(np.float32))


def _false_names(false: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    return {"unknown_photos": len(false), "unknown_named_share": _share(false >= threshold)}


def _share(chosen: NDArray[np.bool_]) -> float:
    return round(float(chosen.mean()), 5)


def _apart(run: Run, unknown: PhotoIndex) -> tuple[PhotoIndex, PhotoIndex]:
    """The photos without a landmark that may be learned from, and those to choose by."""
    held = run.meta["data"].get("unknown_validation_paths")
    if held is None:
        kept, chosen = split(unknown, 0.5, seed=0)
        return unknown.subset(kept), unknown.subset(chosen)
    if not held:
        raise DatasetError(
            f"The run trained on all photos of '{unknown.root}', so no threshold can be chosen on "
            "them. Train with some of them held out: data.unknown_validation above 0."
        )
    return unknown.without(set(held)), _those(unknown, set(held))


def validation_of(run: Run, training: PhotoIndex) -> PhotoIndex | None:
    """The photos that the run kept for validation, None where it kept none."""
    held = set(run.meta["data"].get("validation_paths", []))
    return _those(training, held) if held else None


def _those(index: PhotoIndex, wanted: set[str]) -> PhotoIndex:
    numbers = [
        number
        for number, path in enumerate(index.paths)
        if path.relative_to(index.root).as_posix() in wanted
    ]
    if len(numbers) != len(wanted):
        raise DatasetError(
            f"'{index.root}' lacks {len(wanted) - len(numbers)} of the {len(wanted)} photos that "
            "the run held out. Give the photos that it was trained with: --data, --unknown."
        )
    return index.subset(numbers)
