"""Findings and figures of a data set as text for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from whereshot.cli._render import bar, make_console
from whereshot.cli._shared import printable
from whereshot.learn.sets.figures import Figures, Spread
from whereshot.learn.sets.findings import TITLES, Finding

if TYPE_CHECKING:
    from whereshot.learn.sets.labels import LabelCheck

_TOGETHER = 6  # photos of one finding that are told, unless all are asked for


def print_findings(findings: Sequence[Finding], at_most: int | None) -> None:
    """Print findings under the title of their kind, at most so many of each; None: all of them."""
    console = make_console()
    for kind, members in groupby(findings, key=lambda finding: (finding.kind, finding.severity)):
        group = list(members)
        style = "bold red" if kind[1] == "error" else "yellow"
        title = Text.assemble((kind[1].upper(), style), f"  {TITLES[kind[0]]} ({len(group):,})")
        console.print(title, soft_wrap=True)
        for finding in group[:at_most]:
            console.print(Text(f"  {printable(finding.message)}"), soft_wrap=True)
            paths = finding.paths if len(finding.paths) > 1 else ()
            shown = paths if at_most is None else paths[:_TOGETHER]
            for path in shown:
                console.print(Text(f"    {printable(path)}", style="bright_black"), soft_wrap=True)
            if len(paths) > len(shown):
                console.print(f"    ... and {len(paths) - len(shown):,} more (--all tells them)")
        if at_most is not None and len(group) > at_most:
            console.print(f"  ... and {len(group) - at_most:,} more (--all tells them)")
        console.print()


def print_judged(judged: LabelCheck) -> None:
    """Print how the labels were judged, and what was not."""
    console = make_console()
    told = (
        f"{judged.photos:,} labels judged by {judged.features}: {judged.agreement:.1%} are the "
        f"most probable one, {len(judged.suspects):,} look wrong "
        f"({judged.certainty:.0%} sure, or more)"
    )
    console.print(Text(told), soft_wrap=True)
    if judged.saw_labels:
        console.print(
            f"{printable(judged.features)} was trained on these very labels: it has learned some "
            "of the wrong ones.",
            soft_wrap=True,
        )
    if judged.too_few:
        names = ", ".join(f"{printable(name)} ({n})" for name, n in judged.too_few.items())
        console.print(Text(f"Too few photos to judge: {names}"), soft_wrap=True)


def print_figures(figures: Figures) -> None:
    """Print a row for each landmark, and the data set as a whole."""
    console = make_console()
    parts = list(figures.photos)
    most = max((max(row.photos.values()) for row in figures.landmarks), default=1) or 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("landmark")
    for part in parts:
        table.add_column(part or "photos", justify="right")
    table.add_column("", width=12, no_wrap=True, style="cyan")
    table.add_column("MB", justify="right")
    table.add_column("shorter side: min / median / max px", justify="right")
    table.add_column("GPS", justify="right")
    for row in figures.landmarks:
        table.add_row(
            Text(printable(row.name)),
            *(f"{row.photos[part]:,}" for part in parts),
            bar(row.photos[parts[0]] / most, 12),
            f"{row.bytes / 1e6:.1f}",
            _spread(row.short_side),
            f"{row.with_gps:,}",
        )
    console.print(table)
    console.print()
    for name, value in _summary(figures):
        console.print(Text.assemble((f"{name:<14}", "bold"), value), soft_wrap=True)


def _summary(figures: Figures) -> Iterator[tuple[str, str]]:
    yield "landmarks", f"{len(figures.landmarks):,}"
    for part, count in figures.photos.items():
        spread = figures.per_landmark.get(part)
        told = f"{count:,}"
        if spread is not None:
            told += (
                f"; {_spread(spread)} (min / median / max) a landmark, "
                f"the largest has {figures.imbalance[part]:.1f} times the smallest"
            )
        yield f"{part} photos".strip(), told
    yield "formats", ", ".join(f"{kind} {count:,}" for kind, count in figures.formats.items())
    yield "shorter side", f"{_spread(figures.short_side)} px"
    yield "longer side", f"{_spread(figures.long_side)} px"
    if figures.photo_bytes is not None:
        size = figures.photo_bytes
        told = f"{size.least / 1e3:,.1f} / {size.median / 1e3:,.1f} / {size.most / 1e3:,.1f} kB"
        yield "file size", told
    yield "all together", f"{figures.bytes / 1e6:,.1f} MB"
    yield "with GPS", f"{figures.with_gps:,}"
    if figures.unreadable:
        yield "unreadable", f"{figures.unreadable:,} (whereshot data check tells which)"


def _spread(spread: Spread | None) -> str:
    """Least / median / most."""
    return f"{spread.least:g} / {spread.median:g} / {spread.most:g}" if spread else "-"
