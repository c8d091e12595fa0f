"""Charts of photos and of training: how many, and how it went. They show no photo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from whereshot.errors import RunError
from whereshot.learn.compare.rows import read_row
from whereshot.learn.dataset import PhotoIndex, class_key
from whereshot.learn.show.canvas import GREY, SERIES, draw, readable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BAR = 0.17  # inches


def show_counts(parts: Mapping[str, PhotoIndex]) -> Figure:
    """Photos per landmark as bars, a color for each part, such as `train` and `test`.

    Sorted by the first part, the most frequent landmark on top.
    """
    names: dict[str, str] = {}
    counts: dict[str, dict[str, int]] = {}
    for part, index in parts.items():
        counts[part] = dict(zip(map(class_key, index.classes), index.counts(), strict=True))
        names |= {class_key(name): readable(name) for name in index.classes}
    first = next(iter(counts.values()))
    order = sorted(names, key=lambda key: (first.get(key, 0), names[key]))
    figure, (axis,) = draw(7.5, 0.8 + _BAR * len(order))
    start = [0] * len(order)
    for (part, of), color in zip(counts.items(), SERIES, strict=False):
        widths = [of.get(key, 0) for key in order]
        label = f"{part}: {sum(widths):,} photos"
        axis.barh(range(len(order)), widths, left=start, color=color, label=label)
        start = [left + width for left, width in zip(start, widths, strict=True)]
    axis.set_yticks(range(len(order)), [names[key] for key in order], fontsize=7)
    axis.set_ylim(-0.7, len(order) - 0.3)
    axis.set_xlabel("photos", fontsize=8)
    axis.grid(visible=False, axis="y")
    axis.legend(fontsize=8, loc="lower right")
    return figure


def show_curves(*folders: str | Path) -> Figure:
    """Loss, accuracy on the held-out photos and photo size over the epochs of runs.

    Read from each run's `history.jsonl`; the epoch that was kept is marked. Raises RunError for a
    folder without a run, or whose run has no epoch yet.
    """
    from matplotlib.ticker import MaxNLocator

    figure, (loss, accuracy, size) = draw(11, 3.2, columns=3)
    for number, folder in enumerate(map(Path, folders)):
        row, _ = read_row(folder.name, folder)
        if not row.history:
            raise RunError(
                row.problem
                if row.state == "unreadable" and row.problem
                else f"'{folder}' has no epochs to show. Let it train: whereshot train"
            )
        epochs = [int(each["epoch"]) + 1 for each in row.history]
        color = SERIES[number % len(SERIES)]
        name = f"{row.name}, " if len(folders) > 1 else ""
        for axis, key, words, style in (
            (loss, "loss", "training", "-"),
            (loss, "validation_loss", "held out", "--"),
            (accuracy, "validation_top1", "top-1", "-"),
            (accuracy, "validation_macro", "macro", "--"),
        ):
            values = [each.get(key, float("nan")) for each in row.history]
            axis.plot(epochs, values, style, color=color, label=name + words, linewidth=1.3)
        size.step(epochs, [each.get("size", 0) for each in row.history], color=color, where="mid")
        if row.best_epoch is not None:
            accuracy.axvline(row.best_epoch + 1, color=GREY, linewidth=0.8, linestyle=":")
    for axis, title in (
        (loss, "loss"),
        (accuracy, "share of held-out photos"),
        (size, "side of a photo, px"),
    ):
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("epoch", fontsize=8)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    loss.legend(fontsize=7)
    accuracy.legend(fontsize=7, loc="lower right")
    return figure
