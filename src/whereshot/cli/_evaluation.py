"""An evaluation as text for a terminal; imported by the verb when it has something to print."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from whereshot.cli._render import make_console, make_table
from whereshot.cli._shared import printable
from whereshot.learn.evaluation import Evaluation, OpenSet, amount
from whereshot.learn.intervals import Estimate

_WORST = 8


def print_summary(found: Evaluation) -> None:
    """Print figures with their intervals, and the worst landmarks, to stdout."""
    console = make_console()
    data, measured = found.data, found.measured
    console.print(
        f"[bold]{escape(printable(measured.name))}[/bold] on {amount(data.photos, 'photo')} of "
        f"{data.landmarks:,} of its {amount(measured.landmarks, 'landmark')} in "
        f"{escape(printable(data.folder))}\n"
    )
    console.print(_figures(found))
    if (strangers := found.open_set) is not None:
        console.print(f"\n{amount(strangers.photos, 'photo')} without a landmark\n", style="bold")
        console.print(_open_set(strangers))
    _print_worst(console, found)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", style="bold")
    grid.add_column(style="dim")
    return grid


def _share(estimate: Estimate) -> tuple[str, str]:
    return (
        f"{estimate.value:.1%}".replace("%", " %"),
        f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}",
    )


def _figures(found: Evaluation) -> Table:
    grid = _grid()
    accuracy, geography, verdicts = found.accuracy, found.geography, found.verdicts
    grid.add_row("top-1", *_share(accuracy.top1))
    grid.add_row("macro top-1", *_share(accuracy.macro))
    grid.add_row("top-5", *_share(accuracy.top5))
    before, after = found.uncalibrated, found.calibrated
    grid.add_row(
        "calibration error",
        f"{after.ece.value:.3f}",
        f"{after.ece.low:.3f} to {after.ece.high:.3f}; {before.ece.value:.3f} before "
        f"temperature {found.measured.temperature:.3g}",
    )
    grid.add_row(
        "mean -log p", f"{after.nll.value:.3f}", f"{after.nll.low:.3f} to {after.nll.high:.3f}"
    )
    median = geography.median_km
    grid.add_row("median distance", "unknown" if median is None else f"{median:,.0f} km")
    for km in (1, 25, 200):
        grid.add_row(f"within {km} km", *_share(getattr(geography, f"within_{km}_km")))
    if verdicts is not None:
        grid.add_row()
        share, interval = _share(verdicts.right)
        threshold = f"verdict at certainty {verdicts.min_certainty:.3g} or more"
        grid.add_row("named rightly", share, f"{interval}; {threshold}")
        grid.add_row("named wrongly", *_share(verdicts.wrong))
        grid.add_row("called unknown", *_share(verdicts.unknown))
    for sets in found.coverage:
        share, interval = _share(sets.covered)
        size = f"{sets.mean_size:.2f} landmarks a set"
        grid.add_row(f"in sets of {100 * sets.promised:g} %", share, f"{interval}; {size}")
    return grid


def _open_set(figures: OpenSet) -> Table:
    grid = _grid()
    if figures.false_landmarks is not None:
        grid.add_row("named a landmark", *_share(figures.false_landmarks))
    ours, plain = figures.certainty, figures.probability
    for words, name in (
        ("AUROC", "auroc"),
        ("FPR at 95 % recall", "fpr_at_95_recall"),
        ("GAP", "gap"),
        ("GAP, landmarks 10 % of photos", "gap_at_10_percent"),
        ("GAP, landmarks 1 % of photos", "gap_at_1_percent"),
    ):
        by_probability = f"{getattr(plain, name):.3f} by the probability alone"
        grid.add_row(words, f"{getattr(ours, name):.3f}", by_probability if ours != plain else "")
    return grid


def _print_worst(console: Console, found: Evaluation) -> None:
    worst = found.worst(_WORST)
    if not worst:
        return
    table = make_table()
    table.add_column("worst landmarks")
    for column in ("photos", "top-1", "precision"):
        table.add_column(column, justify="right")
    table.add_column("most taken for")
    for row in worst:
        taken = f"{row.confused_with} ({row.confused_photos})" if row.confused_with else ""
        table.add_row(
            escape(printable(row.name)),
            str(row.photos),
            f"{row.recall:.0%}",
            "" if row.precision is None else f"{row.precision:.0%}",
            escape(printable(taken)),
        )
    console.print()
    console.print(table)
