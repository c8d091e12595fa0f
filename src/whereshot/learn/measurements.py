"""From answers to the records of an evaluation: each kind of figure is one method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whereshot.learn import metrics
from whereshot.learn.answers import Answers
from whereshot.learn.calibrate import log_softmax
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.evaluation import (
    HISTOGRAM_BINS,
    Accuracy,
    Calibration,
    Geography,
    Histogram,
    LandmarkRow,
    Mistake,
    OpenSet,
    Separation,
    SetCoverage,
    Verdicts,
)
from whereshot.learn.intervals import (
    RESAMPLES,
    Estimate,
    Statistic,
    calibration_error_of,
    estimate,
    estimate_shares,
    macro_mean_of,
    mean_of,
)
from whereshot.learn.metrics import Bools, Floats, Ints
from whereshot.learn.subject import Subject
from whereshot.recognize.conformal import least_probability
from whereshot.recognize.verdict import calibrated_probabilities
from whereshot.records import Failure

COVERAGES = (0.9, 0.95, 0.99)
"""What conformal sets are asked to promise."""


class Figures:
    """The figures of one set of answers; what several of them need is computed once.

    `others` are answers to photos without a landmark, where there are any.
    """

    def __init__(
        self,
        subject: Subject,
        answers: Answers,
        others: Answers | None = None,
        *,
        resamples: int = RESAMPLES,
        seed: int = 0,
    ) -> None:
        self.subject, self.answers, self.others = subject, answers, others
        self.resamples, self.seed = resamples, seed
        self.labels = answers.labels
        self.ranks = metrics.truth_ranks(answers.logits, answers.labels)
        self.right: Bools = self.ranks == 0
        self.predicted = answers.logits.argmax(axis=1)
        judge = subject.judge
        judged = judge.judge(answers.logits, answers.embeddings)
        self.probabilities = judged.probabilities
        self.confidences = judged.probabilities.max(axis=1)
        self.certainties = judged.certainty
        self.judged_others = (
            None if others is None else judge.judge(others.logits, others.embeddings)
        )
        self.distances = metrics.distance_errors_km(
            answers.labels, self.predicted, *subject.coordinates()
        )
        self.confusion = metrics.confusion_matrix(answers.labels, self.predicted, len(subject.ids))

    def _shares(
        self, statistics: Mapping[str, Statistic], photos: int | None = None
    ) -> dict[str, Estimate]:
        return estimate_shares(
            statistics,
            len(self.answers) if photos is None else photos,
            resamples=self.resamples,
            seed=self.seed,
        )

    def accuracy(self) -> Accuracy:
        """Top-1, top-5 and macro top-1."""
        statistics = {
            "top1": mean_of(self.right),
            "top5": mean_of(self.ranks < 5),
            "macro": macro_mean_of(self.right, self.labels),
        }
        return Accuracy(**self._shares(statistics))

    def calibration(self, temperature: float) -> Calibration:
        """How honest the probabilities are at a temperature."""
        confidences = best_probabilities(self.answers, temperature)
        logits = self.answers.logits.astype(np.float64) / temperature
        losses = -log_softmax(logits)[np.arange(len(self.labels)), self.labels]
        statistics = {
            "ece": calibration_error_of(confidences, self.right),
            "nll": mean_of(losses),
        }
        figures = estimate(statistics, len(self.answers), resamples=self.resamples, seed=self.seed)
        return Calibration(**figures, bins=metrics.reliability(confidences, self.right))

    def geography(self) -> Geography:
        """How far the best landmark is from the true one."""
        median = float(np.median(self.distances))
        statistics = {f"within_{km}_km": mean_of(self.distances <= km) for km in (1, 25, 200)}
        return Geography(
            median_km=median if np.isfinite(median) else None,
            **self._shares(statistics),
            unplaced=sum(place is None for place in self.subject.places),
        )

    def verdicts(self, min_certainty: float) -> Verdicts:
        """What a threshold makes of the photos of landmarks."""
        named = self.certainties >= min_certainty
        statistics = {
            "right": mean_of(named & self.right),
            "wrong": mean_of(named & ~self.right),
            "unknown": mean_of(~named),
        }
        return Verdicts(min_certainty, **self._shares(statistics))

    def coverage(self, held_out: Sequence[float]) -> tuple[SetCoverage, ...]:
        """What sets hold that were calibrated on the probabilities of held-out photos."""
        if not held_out:
            return ()
        rows: list[SetCoverage] = []
        truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        for promised in COVERAGES:
            least = least_probability(promised, held_out)
            # The best landmark is always in the set.
            covered = self.right | (truth >= least)
            sizes = np.maximum(1, (self.probabilities >= least).sum(axis=1))
            share = self._shares({"share": mean_of(covered)})["share"]
            rows.append(SetCoverage(promised, share, float(sizes.mean())))
        return tuple(rows)

    def open_set(self, index: PhotoIndex, min_certainty: float | None) -> OpenSet | None:
        """How photos of landmarks and of none, which `index` has, are told apart; None without."""
        others, judged = self.others, self.judged_others
        if others is None or judged is None:
            return None
        confidences = judged.probabilities.max(axis=1)
        names = self.subject.names
        predicted = others.logits.argmax(axis=1)
        named: list[Mistake] = []
        false_landmarks = None
        if min_certainty is not None:
            false = judged.certainty >= min_certainty
            false_landmarks = self._shares({"share": mean_of(false)}, len(others))["share"]
            named = [
                Mistake(
                    relative(others.paths[i], index.root),
                    None,
                    names[predicted[i]],
                    float(confidences[i]),
                    None,
                )
                for i in _surest_first(judged.certainty, false)
            ]
        return OpenSet(
            folder=str(index.root),
            fingerprint=index.fingerprint(),
            photos=len(others),
            unreadable=reasons(others.failures, index.root),
            certainty=self._separation(self.certainties, judged.certainty),
            probability=self._separation(self.confidences, confidences),
            false_landmarks=false_landmarks,
            named=tuple(named),
        )

    def _separation(self, of_landmarks: Floats, of_none: Floats) -> Separation:
        scores = np.concatenate([of_landmarks, of_none])
        right = np.concatenate([self.right, np.zeros(len(of_none), dtype=np.bool_)])
        ratio = len(of_landmarks) / len(of_none)

        def gap(strangers_each: float) -> float:
            """GAP, where so many photos without a landmark come on each one with one."""
            weights = np.ones(len(scores))
            weights[len(of_landmarks) :] = strangers_each * ratio
            return metrics.global_average_precision(scores, right, len(of_landmarks), weights)

        return Separation(
            auroc=metrics.auroc(of_landmarks, of_none),
            fpr_at_95_recall=metrics.false_positive_rate(of_landmarks, of_none),
            gap=gap(1 / ratio),
            gap_at_10_percent=gap(9),
            gap_at_1_percent=gap(99),
        )

    def histogram(self) -> Histogram:
        """How certain photos are that are named rightly, wrongly, or should not be named."""

        def count(certainties: Floats) -> tuple[int, ...]:
            numbers = metrics.bin_numbers(certainties, HISTOGRAM_BINS)
            return tuple(np.bincount(numbers, minlength=HISTOGRAM_BINS).tolist())

        return Histogram(
            count(self.certainties[self.right]),
            count(self.certainties[~self.right]),
            count(np.empty(0) if self.judged_others is None else self.judged_others.certainty),
        )

    def rows(self) -> tuple[LandmarkRow, ...]:
        """One row per output of the network, in its order."""
        subject = self.subject
        return tuple(
            LandmarkRow(
                id=id_,
                name=name,
                photos=figures.photos,
                recall=figures.recall,
                precision=figures.precision,
                confused_with=None
                if figures.confused_with is None
                else subject.names[figures.confused_with],
                confused_photos=figures.confused_photos,
                latitude=None if place is None else place.latitude,
                longitude=None if place is None else place.longitude,
            )
            for id_, name, place, figures in zip(
                subject.ids,
                subject.names,
                subject.places,
                metrics.class_figures(self.confusion),
                strict=True,
            )
        )

    def cells(self) -> tuple[tuple[int, int, int], ...]:
        """The cells of the confusion matrix that are not 0."""
        return tuple(
            (int(true), int(taken), int(self.confusion[true, taken]))
            for true, taken in np.argwhere(self.confusion)
        )

    def mistakes(self, root: Path) -> tuple[Mistake, ...]:
        """All wrong answers, surest first."""
        names = self.subject.names
        return tuple(
            Mistake(
                relative(self.answers.paths[i], root),
                names[self.labels[i]],
                names[self.predicted[i]],
                float(self.confidences[i]),
                float(self.distances[i]),
            )
            for i in _surest_first(self.confidences, ~self.right)
        )


def best_probabilities(answers: Answers, temperature: float) -> NDArray[np.float64]:
    """The calibrated probability of each photo's best landmark, (N,)."""
    return calibrated_probabilities(answers.logits, temperature).max(axis=1)


def _surest_first(confidences: Floats, chosen: Bools) -> Ints:
    """The numbers of the chosen photos, the most confident first."""
    numbers = np.flatnonzero(chosen)
    return numbers[np.argsort(-confidences[numbers], kind="stable")]


def relative(path: Path, root: Path) -> str:
    """A photo's path in the data's folder."""
    return path.relative_to(root).as_posix()


def reasons(failures: Sequence[Failure], root: Path) -> tuple[tuple[str, str], ...]:
    """The photos that can't be read, by their path in the data's folder, and why."""
    return tuple((relative(Path(each.photo or ""), root), str(each.error)) for each in failures)
