"""The baseline to beat: logistic regression on frozen ImageNet features, on the same test split.

    python benchmarks/linear_probe.py PHOTOS [--architecture timm/NAME] [--size 260]

PHOTOS has `train` and `test`. The regularization is chosen on a stratified tenth of `train`; `test`
is measured once. Prints top-1, top-5 and macro top-1 with bootstrap intervals.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from _table import ROOT, machine, versions, write_results
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from whereshot.learn.answers import Answers, collect_answers
from whereshot.learn.config import ModelConfig
from whereshot.learn.dataset import PhotoIndex, index_folder, split
from whereshot.learn.memory import keep_freed_memory
from whereshot.learn.network import LandmarkNet
from whereshot.photo import Preprocessing

STRENGTHS = (10.0, 30.0, 100.0, 300.0)


def frozen_features(index: PhotoIndex, config: ModelConfig) -> Answers:
    """The pooled, L2-normalized features of each photo, where others have logits."""
    network = LandmarkNet(config, len(index.classes)).eval().to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return network(torch.from_numpy(pixels)).embedding.numpy()

    return collect_answers(embed, index, Preprocessing(config.size, config.fit), workers=1)


def fit(features: NDArray[np.float32], labels: NDArray[np.int64], c: float) -> LogisticRegression:
    """Multinomial logistic regression."""
    return LogisticRegression(C=c, max_iter=2000).fit(features, labels)


def interval(values: NDArray[np.float64]) -> str:
    """The 95 % bootstrap interval of the mean, in percent."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (1000, len(values)))].mean(axis=1)
    low, high = np.percentile(100 * means, [2.5, 97.5])
    return f"{100 * values.mean():.1f} % [{low:.1f}, {high:.1f}]"


def main() -> None:
    """Measure, print, and write `results/linear_probe.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--architecture", default="timm/tf_efficientnet_lite2")
    parser.add_argument("--size", type=int, default=260)
    options = parser.parse_args()
    keep_freed_memory()
    config = ModelConfig(architecture=options.architecture, size=options.size)
    index = index_folder(options.photos, "train")
    train = frozen_features(index, config)
    test = frozen_features(index_folder(options.photos, "test").matched_to(index.classes), config)

    kept, held = split(index, 0.1, seed=0)
    scores = {
        c: fit(train.logits[kept], train.labels[kept], c).score(
            train.logits[held], train.labels[held]
        )
        for c in STRENGTHS
    }
    best = max(scores, key=lambda c: scores[c])
    ranked = np.argsort(-fit(train.logits, train.labels, best).predict_proba(test.logits), axis=1)
    right = (ranked[:, 0] == test.labels).astype(np.float64)
    top5 = (ranked[:, :5] == test.labels[:, None]).any(axis=1).astype(np.float64)
    macro = np.mean([right[test.labels == label].mean() for label in np.unique(test.labels)])
    row: dict[str, object] = {
        "architecture": options.architecture,
        "size": options.size,
        "C": best,
        "photos": len(test),
        "top1": interval(right),
        "top5": interval(top5),
        "macro_top1": f"{100 * macro:.1f} %",
    }
    for key, value in row.items():
        print(f"{key:13} {value}")
    about = {**machine(), "versions": versions("torch", "timm", "scikit-learn")}
    name = f"linear_probe_{options.architecture.rpartition('/')[2]}_{options.size}"
    print(f"written: {write_results(name, [row], about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
