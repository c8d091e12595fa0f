"""Landmarks that a network was not trained for: how often misnamed, and how well learned later.

    python benchmarks/new_landmarks.py RUN BUNDLE --data PHOTOS --unknown PHOTOS [--draws 5]

RUN is of recipes/world_without_ten.toml, whose `data.leave_out` names the landmarks; BUNDLE was
exported from it. First, how many of their test photos get a landmark as verdict though the bundle
knows none of them, beside a plain softmax that names from 0.5 on. Then they are enrolled from 5 and
from 10 training photos each, drawn anew each time, all ten at once: top-1 over all landmarks on
their test photos, and what that costs the other landmarks; medians over the draws. Training photos
that were not drawn are answered too: the constants in `recognize/newcomers.py` were chosen by
those. Prints a table and writes `results/new_landmarks.csv`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _table import ROOT, machine, versions, write_results
from numpy.typing import NDArray

from whereshot.learn.answers import Answers, index_unknown
from whereshot.learn.bundling import Exported, embeddings_of
from whereshot.learn.dataset import index_folder
from whereshot.learn.run import load_run
from whereshot.recognize import Bundle, Session, read_bundle
from whereshot.recognize.judge import Judge, Judgement
from whereshot.recognize.newcomers import Newcomers

COUNTS = (5, 10)
PLAIN_THRESHOLD = 0.5


@dataclass(frozen=True)
class Seen:
    """What the network answered: to photos of the landmarks left out, of the others, of none."""

    to_draw: Answers
    new: Answers
    old: Answers
    none: Answers


def judged(judge: Judge, answers: Answers) -> Judgement:
    """Answers, judged."""
    return judge.judge(answers.logits, embeddings_of(answers))


def misnamed(bundle: Bundle, seen: Seen) -> dict[str, object]:
    """Before anything is enrolled: the shares of photos that get a landmark as verdict."""
    judge = Judge(bundle.temperature, bundle.prototypes, bundle.rule)
    least = bundle.strictness.min_certainty
    new, old, none = (judged(judge, each) for each in (seen.new, seen.old, seen.none))
    right = old.probabilities.argmax(axis=1) == seen.old.labels
    return {
        "new_photos": len(seen.new),
        "new_misnamed": share(new.certainty >= least),
        "new_misnamed_by_softmax": share(new.probabilities.max(axis=1) >= PLAIN_THRESHOLD),
        "old_photos": len(seen.old),
        "old_top1": share(right),
        "old_named_rightly": share(right & (old.certainty >= least)),
        "none_named": share(none.certainty >= least),
    }


def draws(seen: Seen, landmarks: int, count: int, times: int) -> Iterator[list[NDArray[np.int64]]]:
    """For each draw, the numbers of the photos that each landmark is enrolled from."""
    labels = seen.to_draw.labels
    for seed in range(times):
        rng = np.random.default_rng(seed)
        yield [
            rng.choice(np.flatnonzero(labels == at), count, replace=False)
            for at in range(landmarks)
        ]


def enrolled(bundle: Bundle, seen: Seen, drawn: list[NDArray[np.int64]]) -> dict[str, float]:
    """What becomes of all photos when the landmarks are enrolled from those that were drawn."""
    trained, least = len(bundle.landmarks), bundle.strictness.min_certainty
    examples = [embeddings_of(seen.to_draw)[numbers] for numbers in drawn]
    newcomers = Newcomers(examples, bundle.prototypes, trained, bundle.strictness)
    judge = Judge(bundle.temperature, bundle.prototypes, bundle.rule, newcomers)
    rest = np.setdiff1d(np.arange(len(seen.to_draw)), np.concatenate(drawn))
    left = judged(judge, seen.to_draw).probabilities[rest].argmax(axis=1)
    new, old, none = (judged(judge, each) for each in (seen.new, seen.old, seen.none))
    new_right = new.probabilities.argmax(axis=1) == trained + seen.new.labels
    old_right = old.probabilities.argmax(axis=1) == seen.old.labels
    return {
        "undrawn_top1": share(left == trained + seen.to_draw.labels[rest]),
        "new_top1": share(new_right),
        "new_named_rightly": share(new_right & (new.certainty >= least)),
        "new_named_wrongly": share(~new_right & (new.certainty >= least)),
        "old_top1": share(old_right),
        "old_named_rightly": share(old_right & (old.certainty >= least)),
        "none_named": share(none.certainty >= least),
    }


def share(chosen: NDArray[np.bool_]) -> float:
    """The share of True."""
    return round(float(chosen.mean()), 4)


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="has train and test")
    parser.add_argument("--unknown", type=Path, required=True, help="has test")
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()

    run, bundle = load_run(options.run), read_bundle(options.bundle)
    left_out = run.recipe.data.leave_out
    if not left_out:
        raise SystemExit(f"'{options.run}' left no landmark out (data.leave_out).")
    exported = Exported(Session(bundle.model_path), bundle.preprocessing, bundle.temperature)
    training, test = index_folder(options.data, "train"), index_folder(options.data, "test")
    seen = Seen(
        exported.answers(training.without(run.meta["data"]["excluded"]).matched_to(left_out)),
        exported.answers(test.matched_to(left_out)),
        exported.answers(test.matched_to(run.classes)),
        exported.answers(index_unknown(options.unknown, "test")),
    )
    before = misnamed(bundle, seen)
    print("  ".join(f"{key} {value}" for key, value in before.items()))
    rows: list[dict[str, object]] = []
    for count in COUNTS:
        found = [
            enrolled(bundle, seen, drawn)
            for drawn in draws(seen, len(left_out), count, options.draws)
        ]
        medians = {key: statistics.median(row[key] for row in found) for key in found[0]}
        lost = round(100 * (float(str(before["old_top1"])) - medians["old_top1"]), 2)
        row = {"enrolled_from": count, "draws": options.draws, **medians, "old_points_lost": lost}
        print("  ".join(f"{key} {value}" for key, value in row.items()))
        rows.append({**row, **{f"before_{key}": value for key, value in before.items()}})
    about = {**machine(), "versions": versions("onnxruntime", "numpy")}
    print(f"written: {write_results('new_landmarks', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
