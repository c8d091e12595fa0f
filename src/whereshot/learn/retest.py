"""An exported network asked once more: the same photos, nothing of ours between it and them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from whereshot.learn.answers import Answers
from whereshot.learn.dataset import class_key
from whereshot.learn.evaluate import Answered
from whereshot.photo import decode
from whereshot.progress import silent

Report = Callable[[str, int, int], None]
"""Called as report(stage, done, total)."""


@torch.inference_mode()
def retest(predictor: Any, answered: Answered, *, report: Report = silent) -> Answered:
    """Show the landmark photos of `answered` to a TorchScript predictor, one by one, as decoded.

    `predictor` is what `load_torchscript` gives, of the same network: it fits the photos into its
    square and scales its logits by itself. What comes back is measured as any other answers are,
    and its logits are those of `answered` but for rounding.

    Raises ValueError where the predictor has other classes than the network that was asked.
    """
    names = tuple(str(name) for name in predictor.class_names)
    spellings = answered.subject.spellings
    if len(names) != len(spellings) or any(
        class_key(name) not in map(class_key, known)
        for name, known in zip(names, spellings, strict=True)
    ):
        raise ValueError(
            f"expected a predictor of {answered.subject.name}, with its {len(spellings)} classes "
            f"in their order, got one with {len(names)} classes: {', '.join(names[:3])}, ..."
        )
    size, answers = answered.subject.preprocessing.size, answered.answers
    rows: list[np.ndarray] = []
    for number, path in enumerate(answers.paths):
        photo = torch.from_numpy(decode(path, min_side=size)).permute(2, 0, 1)[None]
        rows.append(predictor.logits(photo)[0].float().numpy())  # (K,)
        report("retest", number + 1, len(answers))
    again = Answers(np.stack(rows), answers.labels, answers.paths)
    return dataclasses.replace(answered, answers=again, strangers=None, others=None)
