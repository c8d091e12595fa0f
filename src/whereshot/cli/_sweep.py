"""A sweep of learning rates as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whereshot.learn.lr_finder import LearningRateSweep

_ROWS = 24
_BAR_CELLS = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"


def sweep_object(sweep: LearningRateSweep) -> dict[str, Any]:
    """A sweep as an object for JSON."""
    return {
        "key": sweep.key,
        "suggestion": sweep.suggestion,
        "settings": list(sweep.settings),
        "diverged": sweep.diverged,
        "rates": list(sweep.rates),
        "losses": list(sweep.losses),
        "smoothed": list(sweep.smoothed),
    }


def sweep_text(sweep: LearningRateSweep) -> str:
    """A chart of the loss over the rate, and what to do about it."""
    every = math.ceil(len(sweep.rates) / _ROWS)
    shown = list(range(0, len(sweep.rates), every))
    chosen = None
    if sweep.suggestion is not None:
        best = sweep.rates.index(sweep.suggestion)
        chosen = min(shown, key=lambda row: abs(row - best))
    # What has burst would press all else into a line.
    least, first = min(sweep.smoothed), sweep.smoothed[0]
    most = min(max(sweep.smoothed), first + 0.5 * (first - least) if first > least else math.inf)
    lines = [f"{sweep.key:>13}    loss"]
    for row in shown:
        loss = sweep.smoothed[row]
        share = min(1.0, (loss - least) / (most - least)) if most > least else 1.0
        mark = "  <- falls fastest" if row == chosen else ""
        lines.append(f"{sweep.rates[row]:13.1e} {loss:7.3f}  {_bar(share)}{mark}".rstrip())
    if sweep.diverged:
        lines.append("Beyond, the training diverged.")
    return "\n".join([*lines, "", _advice(sweep)])


def _bar(share: float) -> str:
    eighths = round(share * _BAR_CELLS * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _advice(sweep: LearningRateSweep) -> str:
    if sweep.suggestion is None:
        return (
            "The loss did not fall at any rate: nothing to suggest. Look at the photos "
            "(whereshot data check), or train in larger batches."
        )
    settings = " ".join(f"--set {setting}" for setting in sweep.settings)
    return f"The loss falls fastest at {sweep.suggestion:.2g}. Train with: {settings}"
