"""What a network in training says of the photos that are held out.

N photos, K classes; of very many classes only M photos' logits are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whereshot.learn.calibrate import fit_temperature, log_softmax, negative_log_likelihood
from whereshot.learn.learner import Learner, logits_of
from whereshot.learn.loader import eval_loader
from whereshot.learn.shards import AnyPhotos
from whereshot.photo import Preprocessing

_MOST_KEPT = 2**25
"""So many logits are kept, 128 MB: all of 500,000 photos of 62 classes, 412 photos' of 81,313."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Answers to N photos: the best class of each, and its loss -log p of the true one.

    `logits` (M, K) and `logits_labels` (M,) are of photos from all over the N, of all if memory
    allows: what a temperature is fitted on.
    """

    labels: NDArray[np.int64]  # (N,)
    named: NDArray[np.int64]  # (N,)
    losses: NDArray[np.float64]  # (N,)
    logits: NDArray[np.float32]
    logits_labels: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which of the N photos are named rightly."""
        return self.named == self.labels

    def temperature(self) -> float:
        """What logits are to be divided by so that probabilities are honest."""
        return fit_temperature(self.logits, self.logits_labels)


def seen_of(logits: NDArray[Any], labels: NDArray[Any]) -> Seen:
    """Logits (N, K) as answers, all kept."""
    logp = log_softmax(logits.astype(np.float64))
    losses = -logp[np.arange(len(labels)), labels].astype(np.float64)
    return Seen(labels, logits.argmax(1), losses, logits, labels)


@torch.inference_mode()
def answer(learner: Learner, index: AnyPhotos) -> Seen:
    """Answers to photos as inference sees them, batch by batch; processes share the work."""
    team, model = learner.team, learner.recipe.model
    network = learner.evaluated.eval()
    labels = np.asarray(index.labels, dtype=np.int64)
    kept = _kept(len(index), len(index.classes))
    mine = np.arange(len(index))[team.rank :: team.size]
    loader = eval_loader(
        index.subset(mine.tolist()),
        Preprocessing(model.size, model.fit),
        workers=learner.recipe.data.workers,
    )
    parts: list[Seen] = []
    done = 0
    for planes, _ in loader:
        numbers = mine[done : done + len(planes)]
        done += len(planes)
        planes = planes.to(learner.device).float()
        logits = logits_of(network, planes, learner.precision).cpu().numpy()
        part = seen_of(logits, labels[numbers])
        keep = kept[numbers]
        parts.append(
            Seen(part.labels, part.named, part.losses, logits[keep], labels[numbers[keep]])
        )
    return _together(team.gather(_in_order(parts, len(index.classes))), kept)


def _kept(photos: int, classes: int) -> NDArray[np.bool_]:
    """Which photos' logits are kept (N,): as many as memory allows, evenly spread."""
    count = min(photos, max(1, _MOST_KEPT // classes))
    kept = np.zeros(photos, dtype=bool)
    kept[np.arange(count) * photos // max(1, count)] = True
    return kept


def _in_order(parts: list[Seen], classes: int) -> Seen:
    """Answers to one batch after the other."""
    none = np.empty(0, dtype=np.int64)
    parts = [Seen(none, none, np.empty(0), np.empty((0, classes), np.float32), none), *parts]
    columns = ("labels", "named", "losses", "logits", "logits_labels")
    return Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def _together(parts: list[Seen], kept: NDArray[np.bool_]) -> Seen:
    """The answers of all processes, each of which had every so manieth photo, in order."""
    if len(parts) == 1:
        return parts[0]
    size, first = len(parts), parts[0]
    labels, named = np.empty(len(kept), np.int64), np.empty(len(kept), np.int64)
    losses = np.empty(len(kept))
    rows = np.cumsum(kept) - 1  # where a kept photo stands among the kept
    logits = np.empty((int(kept.sum()), first.logits.shape[1]), np.float32)
    logits_labels = np.empty(len(logits), np.int64)
    for rank, part in enumerate(parts):
        labels[rank::size], named[rank::size] = part.labels, part.named
        losses[rank::size] = part.losses
        own = rows[rank::size][kept[rank::size]]
        logits[own], logits_labels[own] = part.logits, part.logits_labels
    return Seen(labels, named, losses, logits, logits_labels)


def figures_of(seen: Seen) -> dict[str, float]:
    """Top-1, top-1 with each class counting the same, and losses.

    The calibrated loss is that at the best temperature. It can be compared between recipes: what
    mixing and smoothing of labels teach a network, to be less sure, is no loss after calibration.
    """
    per_class = np.bincount(seen.labels)
    right = np.bincount(seen.labels, weights=seen.right)[per_class > 0]
    temperature = seen.temperature()
    return {
        "validation_top1": float(seen.right.mean()),
        "validation_macro": float((right / per_class[per_class > 0]).mean()),
        "validation_loss": float(seen.losses.mean()),
        "validation_calibrated_loss": negative_log_likelihood(
            seen.logits.astype(np.float64), seen.logits_labels, temperature
        ),
    }
