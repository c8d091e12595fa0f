"""What tells a photo of a landmark from one of none? Signals and their combinations, side by side.

    python benchmarks/verdicts.py RUN BUNDLE --data PHOTOS --unknown PHOTOS

BUNDLE was exported from RUN, whose record says which photos it held out. Combinations are fitted
on held-out photos, and the threshold of each way is the one that at most 0.5 % of the held-out
photos without a landmark reach; which way ships is chosen by the held-out columns. The test columns
are measured with those same thresholds. Prints a table and writes `results/verdicts.csv`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _table import ROOT, machine, versions, write_results
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from whereshot.learn import metrics
from whereshot.learn.answers import Answers, index_unknown
from whereshot.learn.bundling import Exported
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.run import load_run
from whereshot.learn.threshold import certainty_for, held_out_of
from whereshot.recognize import Session, read_bundle
from whereshot.recognize.judge import Judge
from whereshot.recognize.verdict import SIGNALS

Floats = NDArray[np.float64]
Signals = Mapping[str, Floats]

MAX_FALSE_SHARE = 0.005
NEIGHBOURS = 5
WAYS = (
    *(("log_odds",), ("margin",), ("height",), ("energy",), ("nearness",), ("strangeness",)),
    *(("neighbours",), ("nearness", "strangeness"), ("log_odds", "height")),
    ("log_odds", "nearness", "strangeness"),
    SIGNALS,
    (*SIGNALS, "margin", "energy", "neighbours"),
)


@dataclass(frozen=True)
class Group:
    """Photos of landmarks and of none, seen: signals, and which best landmark is true."""

    known: Signals
    right: NDArray[np.bool_]
    strangers: Signals


class Looker:
    """Makes the signals of photos, those that ship and others."""

    def __init__(self, exported: Exported, judge: Judge, training: Answers) -> None:
        self.exported, self.judge, self.training = exported, judge, training

    def group(self, landmarks: PhotoIndex, unknown: PhotoIndex) -> Group:
        """All signals of both kinds of photos."""
        known = self.exported.answers(landmarks)
        right = known.logits.argmax(axis=1) == known.labels
        return Group(self.signals(known), right, self.signals(self.exported.answers(unknown)))

    def signals(self, answers: Answers) -> Signals:
        """The shipped signals, the margin of probabilities, the energy, the nearest photos."""
        assert answers.embeddings is not None
        assert self.training.embeddings is not None
        shipped = self.judge.signals(answers.logits, answers.embeddings)
        judged = self.judge.judge(answers.logits, answers.embeddings)
        ranked = np.sort(judged.probabilities, axis=1)
        near = np.sort(answers.embeddings @ self.training.embeddings.T, axis=1)
        return {
            **dict(zip(SIGNALS, shipped.T, strict=True)),
            "margin": ranked[:, -1] - ranked[:, -2],
            "energy": logsumexp(answers.logits.astype(np.float64), axis=1),
            "neighbours": near[:, -NEIGHBOURS:].mean(axis=1).astype(np.float64),
        }


def scorer(group: Group, names: tuple[str, ...]) -> Pipeline:
    """The logistic combination of signals, fitted on a group; of one signal, its direction too."""
    table = np.concatenate([columns(group.known, names), columns(group.strangers, names)])
    truth = np.concatenate([group.right, np.zeros(len(table) - len(group.right), dtype=np.bool_)])
    # As `learn.threshold.fit_rule` does: the signals differ in scale by a hundred.
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0)).fit(table, truth)


def columns(signals: Signals, names: tuple[str, ...]) -> Floats:
    """Signals as (N, len(names))."""
    return np.stack([signals[name] for name in names], axis=1)


def gap(of_landmarks: Floats, right: NDArray[np.bool_], of_none: Floats, share: float) -> float:
    """GAP where this share of all photos shows a landmark."""
    weight = len(of_landmarks) * (1 - share) / share / len(of_none)
    return metrics.global_average_precision(
        np.concatenate([of_landmarks, of_none]),
        np.concatenate([right, np.zeros(len(of_none), dtype=np.bool_)]),
        len(of_landmarks),
        np.concatenate([np.ones(len(of_landmarks)), np.full(len(of_none), weight)]),
    )


def figures(group: Group, names: tuple[str, ...], held_out: Group) -> dict[str, object]:
    """How well a way of scoring separates a group, at the threshold of the held-out one."""
    model = scorer(held_out, names)

    def score(signals: Signals) -> Floats:
        return model.predict_proba(columns(signals, names))[:, 1]

    known, strangers = score(group.known), score(group.strangers)
    threshold = certainty_for(score(held_out.strangers), MAX_FALSE_SHARE)
    named = known >= threshold
    return {
        "auroc": round(metrics.auroc(known, strangers), 4),
        "fpr95": round(metrics.false_positive_rate(known, strangers), 4),
        "gap10": round(gap(known, group.right, strangers, 0.1), 4),
        "gap1": round(gap(known, group.right, strangers, 0.01), 4),
        "right": round(float((named & group.right).mean()), 4),
        "wrong": round(float((named & ~group.right).mean()), 4),
        "false": round(float((strangers >= threshold).mean()), 4),
    }


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="has train and test")
    parser.add_argument("--unknown", type=Path, required=True, help="has train and test")
    options = parser.parse_args()

    run, bundle = load_run(options.run), read_bundle(options.bundle)
    training = index_folder(options.data, "train").matched_to(run.classes)
    held = held_out_of(run, training, options.unknown)
    if held is None or held.landmarks is None:
        raise SystemExit(f"'{options.run}' held no photos out: there is nothing to choose by.")
    exported = Exported(Session(bundle.model_path), bundle.preprocessing, bundle.temperature)
    unseen = {path for key in ("excluded", "validation_paths") for path in run.meta["data"][key]}
    looker = Looker(
        exported,
        Judge(bundle.temperature, bundle.prototypes, bundle.rule),
        exported.answers(training.without(unseen)),
    )
    held_out = looker.group(held.landmarks, held.unknown)
    test = looker.group(
        index_folder(options.data, "test").matched_to(run.classes),
        index_unknown(options.unknown, "test"),
    )
    rows: list[dict[str, object]] = []
    for names in WAYS:
        row: dict[str, object] = {"signals": "+".join(names)}
        for where, group in (("held_out", held_out), ("test", test)):
            row |= {f"{where}_{key}": x for key, x in figures(group, names, held_out).items()}
        rows.append(row)
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    about = {**machine(), "versions": versions("onnxruntime", "scikit-learn")}
    print(f"written: {write_results('verdicts', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
