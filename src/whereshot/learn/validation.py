"""What a network in training says of the photos that are held out. N photos, K classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whereshot.learn.calibrate import fit_temperature, negative_log_likelihood
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.learner import Learner, logits_of
from whereshot.learn.loader import eval_loader
from whereshot.photo import Preprocessing


@torch.inference_mode()
def answer(learner: Learner, index: PhotoIndex) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits (N, K) and labels (N,) of photos as inference sees them; processes share the work."""
    team, model = learner.team, learner.recipe.model
    network = learner.evaluated.eval()
    mine = index.subset(range(len(index))[team.rank :: team.size])
    loader = eval_loader(
        mine, Preprocessing(model.size, model.fit), workers=learner.recipe.data.workers
    )
    rows = [np.empty((0, len(index.classes)), dtype=np.float32)]
    for planes, _ in loader:
        planes = planes.to(learner.device).float()
        rows.append(logits_of(network, planes, learner.precision).cpu().numpy())
    logits = np.empty((len(index), len(index.classes)), dtype=np.float32)
    for rank, part in enumerate(team.gather(np.concatenate(rows))):
        logits[rank :: team.size] = part
    return logits, np.array(index.labels)


def figures_of(logits: NDArray[Any], labels: NDArray[Any]) -> dict[str, float]:
    """Top-1, top-1 with each class counting the same, and losses of logits (N, K), labels (N,).

    The calibrated loss is that at the best temperature. It can be compared between recipes: what
    mixing and smoothing of labels teach a network, to be less sure, is no loss after calibration.
    """
    right = logits.argmax(1) == labels
    per_class = [right[labels == label].mean() for label in np.unique(labels)]
    loss = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels))
    return {
        "validation_top1": float(right.mean()),
        "validation_macro": float(np.mean(per_class)),
        "validation_loss": float(loss),
        "validation_calibrated_loss": negative_log_likelihood(
            logits.astype(np.float64), labels, fit_temperature(logits, labels)
        ),
    }
