"""Charts of what networks answer: how sure, how confused, at what cost. They show no photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from whereshot.learn.compare.records import RunRow
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.intervals import Estimate
from whereshot.learn.show.canvas import BLUE, GREY, RED, SERIES, draw
from whereshot.learn.study.records import Study, StudyRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 20  # of confidence, each 5 percent wide


def show_confidence(evaluation: Evaluation) -> Figure:
    """How sure the network is, and whether it may be.

    Left: photos by the probability of the best landmark, those that it is right on, wrong on, and
    those without a landmark, where some were asked for. Right: how often it is right, by how sure
    it is, before and after calibration; on the diagonal it is as good as it says. A dot is as
    large as its photos are many.
    """
    figure, (sure, honest) = draw(10, 3.4, columns=2)
    histogram = evaluation.histogram
    parts = (
        ("right", histogram.right, BLUE),
        ("wrong", histogram.wrong, RED),
        ("without a landmark", histogram.unknown, GREY),
    )
    for name, counts, color in parts:
        if total := sum(counts):
            bins = np.reshape(counts, (_BINS, -1)).sum(axis=1) / total
            label = f"{name}: {total:,} photos"
            edges = np.linspace(0, 1, _BINS + 1)
            sure.stairs(bins, edges, color=color, label=label, linewidth=1.4)
    sure.set_title("share of these photos, by confidence", fontsize=9)
    sure.set_xlabel("probability of the best landmark", fontsize=8)
    sure.legend(fontsize=7, loc="upper left")
    honest.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    for name, calibration, color in (
        ("before calibration", evaluation.uncalibrated, GREY),
        ("after", evaluation.calibrated, BLUE),
    ):
        confidence = [each.confidence for each in calibration.bins]
        accuracy = [each.accuracy for each in calibration.bins]
        label = f"{name}: error {calibration.ece.value:.3f}"
        photos = np.array([each.photos for each in calibration.bins])
        honest.plot(confidence, accuracy, color=color, linewidth=1)
        sizes = 4 + 60 * photos / photos.max()
        honest.scatter(confidence, accuracy, sizes, color=color, label=label)
    honest.set_title("share that is right, by confidence", fontsize=9)
    honest.set_xlabel("probability of the best landmark", fontsize=8)
    honest.legend(fontsize=7, loc="lower right")
    return figure


def show_confusion(evaluation: Evaluation) -> Figure:
    """The confusion matrix of the landmarks that have photos: a row is what photos show.

    A cell's color is the share of its row, blue where the answer is right, red where it is wrong;
    its square root, so that one wrong photo of forty shows.
    """
    tested = [i for i, row in enumerate(evaluation.landmarks) if row.photos]
    names = [evaluation.landmarks[i].name for i in tested]
    place = {number: position for position, number in enumerate(tested)}
    # What is answered may have no photos of its own: it has a column, at the right.
    for _, taken, _ in evaluation.confusion:
        if taken not in place:
            place[taken] = len(place)
            names.append(evaluation.landmarks[taken].name)
    shares = np.zeros((len(tested), len(place)))
    for true, taken, photos in evaluation.confusion:
        shares[place[true], place[taken]] = photos / evaluation.landmarks[true].photos
    strength = np.sqrt(shares)[..., None]
    right = np.eye(*shares.shape, dtype=np.bool_)[..., None]
    ink = np.where(right, _rgb(BLUE), _rgb(RED))
    side = max(3.0, 0.145 * len(place) + 1.5)
    figure, (axis,) = draw(side, side)
    axis.imshow(1 - strength * (1 - ink))
    axis.set_xticks(range(len(place)), names, rotation=90, fontsize=6)
    axis.set_yticks(range(len(tested)), names[: len(tested)], fontsize=6)
    axis.set_xlabel("what the network answers", fontsize=8)
    axis.set_ylabel("what the photos show", fontsize=8)
    axis.grid(visible=False)
    axis.set_xticks(np.arange(len(place) + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(len(tested) + 1) - 0.5, minor=True)
    axis.tick_params(which="minor", length=0)
    axis.grid(which="minor", color="#eceef0", linewidth=0.4)
    return figure


def show_trade_off(found: Sequence[RunRow] | Study) -> Figure:
    """Accuracy with its interval against milliseconds a photo, a dot for each network.

    Of runs, accuracy is that on test photos where one was measured on them; of a study, that on
    held-out photos, with a color for each way to train and the chosen network ringed. What lacks
    one of the two figures is left out.
    """
    figure, (axis,) = draw(7, 4)
    rows = found.rows if isinstance(found, Study) else found
    chosen = found.choice.name if isinstance(found, Study) and found.choice else None
    kinds: dict[str, str] = {}
    for row in rows:
        top1, time = _top1(row), row.cpu_milliseconds
        if top1 is None or time is None:
            continue
        kind = row.mode if isinstance(row, StudyRow) else row.name
        known = kind in kinds
        color = kinds.setdefault(kind, SERIES[len(kinds) % len(SERIES)])
        axis.errorbar(
            time,
            100 * top1.value,
            yerr=[[100 * (top1.value - top1.low)], [100 * (top1.high - top1.value)]],
            fmt="o",
            color=color,
            elinewidth=0.8,
            markersize=5,
            label=None if known else kind,
        )
        if isinstance(row, StudyRow):
            words = f"{row.backbone.removeprefix('timm/').removeprefix('tf_')} {row.size}"
            axis.annotate(words, (time, 100 * top1.value), (5, 4), textcoords="offset points",
                          fontsize=6)  # fmt: skip
        if row.name == chosen:
            axis.plot(time, 100 * top1.value, "o", markersize=11, mfc="none", mec="black")
    axis.set_xlabel("milliseconds a photo on one thread of a CPU", fontsize=8)
    axis.set_ylabel("top-1, %", fontsize=8)
    if kinds:
        axis.legend(fontsize=7, loc="lower right")
    return figure


def _top1(row: RunRow | StudyRow) -> Estimate | None:
    if isinstance(row, StudyRow):
        return row.top1
    return row.validation if row.test is None else row.test.top1


def _rgb(color: str) -> list[float]:
    return [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
