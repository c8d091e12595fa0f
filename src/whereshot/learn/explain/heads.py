"""The end of a network as a function of its features, wherever the network runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.learn.explain.activation import Floats, Head
from whereshot.learn.explain.graph import open_head
from whereshot.learn.subject import Subject
from whereshot.recognize import Bundle

if TYPE_CHECKING:
    from whereshot.learn.run import Run


def head_of(subject: Subject) -> Head:
    """Pooling, embedding and head of a bundle or a run: features (B, C, h, w) to logits (B, K).

    Raises MissingExtraError where a bundle can't be looked into: that needs `onnx`.
    """
    if isinstance(subject.source, Bundle):
        return open_head(subject.source.model_path)
    return _head_of_run(subject.source)


def _head_of_run(run: Run) -> Head:
    import torch

    network = run.network
    device = next(network.parameters()).device

    def head(features: NDArray[np.float32]) -> Floats:
        with torch.inference_mode():
            maps = torch.from_numpy(np.ascontiguousarray(features)).to(device)
            logits = network.head(network.neck(network.pool(maps)))
        return cast(Floats, logits.float().cpu().numpy())

    return head
