"""How far a training is, in lines that stay: a notebook has no terminal to draw a bar on."""

from __future__ import annotations

import sys

_DONE = " done"  # ends the stage in which a trainer reports a finished epoch


def print_epochs(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
    """Print a line for each finished epoch: the `report` of a `train` in a notebook.

    >>> print_epochs("epoch 3", 8, 120, {"loss": 2.1})
    >>> print_epochs("epoch 3 done", 1, 1, {"loss": 1.95, "size": 64.0})
    epoch 3: loss 1.95, size 64
    """
    if stage.endswith(_DONE) and done == total:
        shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
        sys.stdout.write(f"{stage.removesuffix(_DONE)}: {shown}\n")
