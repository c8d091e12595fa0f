"""Tables of networks, runs, evaluations and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from whereshot.learn.compare.columns import accuracy_columns, cost_columns, points, share
from whereshot.learn.compare.records import Comparison
from whereshot.learn.compare.rows import read_row
from whereshot.learn.cost import CLASSES, list_architectures
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.show.table import Table

_NONE = "-"


def architecture_table(size: int = 224, *, classes: int = CLASSES) -> Table:
    """Every network that a recipe can name, with its parameters and GFLOPs at a size in px."""
    rows = tuple(
        (row.name, row.weights, f"{row.cost.parameters / 1e6:.2f} M", f"{row.cost.gflops:.2f}")
        for row in list_architectures(size, classes=classes)
    )
    return Table(("model.architecture", "weights", "parameters", f"GFLOPs at {size} px"), rows)


def training_table(*folders: str | Path) -> Table:
    """What training took and gave, a column for each run.

    What is not known of a run is a dash: an unfinished one has no figures of its end.
    """
    rows = [read_row(Path(folder).name, Path(folder))[0] for folder in folders]

    def line(name: str, values: Sequence[object]) -> tuple[str, ...]:
        return (name, *(_NONE if value is None else str(value) for value in values))

    minutes = [None if row.train_seconds is None else row.train_seconds / 60 for row in rows]
    best = [None if row.best_epoch is None else row.best_epoch + 1 for row in rows]
    return Table(
        ("", *(row.name for row in rows)),
        (
            line("photos to train on", [_amount(row.training_photos) for row in rows]),
            line("photos held out", [_amount(row.validation_photos) for row in rows]),
            line("epochs", [row.epochs for row in rows]),
            line("epoch that was kept", best),
            line("minutes", [None if each is None else f"{each:.1f}" for each in minutes]),
            line("top-1, held out", [share(row.validation) for row in rows]),
        ),
    )


def accuracy_table(evaluations: Mapping[str, Evaluation]) -> Table:
    """The figures of evaluations with their intervals, a column for each."""
    found = list(evaluations.values())
    rows = [
        ("photos", *(f"{each.data.photos:,}" for each in found)),
        ("top-1", *(share(each.accuracy.top1) for each in found)),
        ("macro top-1", *(share(each.accuracy.macro) for each in found)),
        ("top-5", *(share(each.accuracy.top5) for each in found)),
        ("within 25 km", *(share(each.geography.within_25_km) for each in found)),
        ("calibration error", *(f"{each.calibrated.ece.value:.3f}" for each in found)),
    ]
    if any(each.open_set for each in found):
        told = (
            f"{each.open_set.certainty.auroc:.3f}" if each.open_set else _NONE for each in found
        )
        rows.append(("AUROC, landmark or none", *told))
    return Table(("", *evaluations), tuple(rows))


def worst_table(evaluation: Evaluation, count: int = 8) -> Table:
    """The landmarks that are recognized least often."""
    rows = tuple(
        (row.name, str(row.photos), f"{100 * (row.recall or 0):.0f} %", row.confused_with or _NONE)
        for row in evaluation.worst(count)
    )
    return Table(("landmark", "photos", "right", "most often taken for"), rows)


def confused_table(evaluation: Evaluation, count: int = 8) -> Table:
    """The pairs of landmarks that are confused most often."""
    rows = tuple(
        (true.name, taken.name, f"{photos} of {true.photos}")
        for true, taken, photos in evaluation.pairs(count)
    )
    return Table(("photos of", "taken for", "how many"), rows)


def comparison_table(found: Comparison) -> Table:
    """Accuracy and cost, a column for each run."""
    columns = (*accuracy_columns(found), *cost_columns())
    rows = tuple((each.title, *(each.show(row) for row in found.runs)) for each in columns)
    return Table(("", *(row.name for row in found.runs)), rows)


def pairs_table(found: Comparison) -> Table:
    """The runs against the first one on the same photos: whether one is better, or was lucky."""
    rows = tuple(
        (
            pair.other,
            points(pair.top1),
            points(pair.macro),
            f"{pair.other_only} : {pair.first_only}",
            f"{pair.p_value:.2g}",
        )
        for pair in found.pairs
    )
    first = found.runs[0].name if found.runs else ""
    titles = ("top-1, points", "macro, points", "right, only it : only the first", "p")
    return Table((f"against {first}", *titles), rows)


def _amount(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"
