"""What is in a data set and what is wrong with it, as one HTML file with photos to judge by.

The file holds small copies of photos: it is for those who have the photos.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whereshot.learn.dataset import class_key
from whereshot.learn.evaluation import amount
from whereshot.learn.report.frame import render_frame
from whereshot.learn.report.markup import Markup, element, join
from whereshot.learn.report.parts import definitions, number_cell, section, sortable_table
from whereshot.learn.report.plots import bar_plot
from whereshot.learn.sets import gallery, shapes
from whereshot.learn.sets.figures import Figures, LandmarkFigures
from whereshot.learn.sets.findings import TITLES, Finding
from whereshot.learn.sets.labels import LabelCheck
from whereshot.learn.sets.pixels import DETAIL_SIDE, SOFT
from whereshot.learn.sets.survey import Survey


@dataclass(frozen=True, slots=True)
class Checked:
    """All that is known of a data set: what its page is made of."""

    survey: Survey
    figures: Figures
    findings: Sequence[Finding]
    labels: LabelCheck | None = None
    command: str = ""


def write_page(checked: Checked, target: Path) -> None:
    """Write the page; raises OSError where the file can't be written."""
    target.write_text(render_page(checked), encoding="utf-8")


def render_page(checked: Checked) -> str:
    """The page as HTML."""
    survey, findings = checked.survey, checked.findings
    kinds = [kind for kind in TITLES if kind != "suspect"]
    return render_frame(
        f"Data set {survey.root}",
        _headline(checked),
        gallery.suspects(checked.labels) if checked.labels else None,
        *(gallery.of_kind(kind, findings, survey.root) for kind in kinds),
        _landmarks(checked),
        _sizes(survey),
        gallery.mean_photos(survey, [row.name for row in checked.figures.landmarks]),
        _origin(checked),
    )


def _headline(checked: Checked) -> Markup:
    figures, kinds = checked.figures, Counter(each.kind for each in checked.findings)
    severities = Counter(each.severity for each in checked.findings)
    parts = ", ".join(f"{count:,} {part}" for part, count in figures.photos.items() if part)
    tiles = [
        _tile("Photos", sum(figures.photos.values()), parts or "in one folder"),
        _tile("Landmarks", len(figures.landmarks), _imbalance(figures)),
        _tile("Errors", severities["error"], "spoil training or its measurement"),
        _tile("Warnings", severities["warning"], "are worth a look"),
        _tile("Near-duplicates", kinds["duplicate"], f"and {kinds['leak']:,} in train and test"),
    ]
    if checked.labels is not None:
        tiles.append(
            _tile(
                "Suspect labels",
                len(checked.labels.suspects),
                f"of {amount(checked.labels.photos, 'photo')} that were judged",
            )
        )
    return element(
        "header",
        element("p", "whereshot data check", class_="kicker"),
        element("h1", checked.survey.root.resolve().name),
        element("p", "This page holds copies of photos: keep it where they are.", class_="lead"),
        element("div", *tiles, class_="tiles"),
    )


def _tile(title: str, count: int, words: str) -> Markup:
    return element(
        "div",
        element("h3", title),
        element("p", f"{count:,}", class_="figure"),
        element("p", words),
        class_="tile",
    )


def _imbalance(figures: Figures) -> str:
    part = next(iter(figures.imbalance), None)
    if part is None:
        return "without photos"
    return f"the largest has {figures.imbalance[part]:.1f} times the smallest"


def _landmarks(checked: Checked) -> Markup:
    parts = list(checked.figures.photos)
    suspects = Counter(
        class_key(each.label) for each in (checked.labels.suspects if checked.labels else ())
    )
    columns = ["Landmark", *(part or "photos" for part in parts), "MB", "Shorter side, px"]
    columns += ["Suspect labels"] if checked.labels else []
    most = max((max(row.photos.values()) for row in checked.figures.landmarks), default=1) or 1
    rows = [
        _landmark(row, parts, most, suspects if checked.labels else None)
        for row in sorted(checked.figures.landmarks, key=lambda row: -row.photos[parts[0]])
    ]
    return section(
        "Each landmark",
        "landmarks",
        element("p", "Click a heading to sort.", class_="about"),
        sortable_table(columns, rows, tall=True),
    )


def _landmark(
    row: LandmarkFigures, parts: Sequence[str], most: int, suspects: Counter[str] | None
) -> Markup:
    cells: list[Markup] = []
    for position, part in enumerate(parts):
        count = row.photos[part]
        bar = element("i", class_="bar", style=f"--share: {100 * count / most:.1f}%")
        shown = join(bar, f"{count:,}") if position == 0 else f"{count:,}"
        cells.append(number_cell(count, shown))
    side = row.short_side
    sides = f"{side.least:g} / {side.median:g} / {side.most:g}" if side else "-"
    cells += [
        number_cell(row.bytes, f"{row.bytes / 1e6:.1f}"),
        number_cell(side.median if side else 0, sides),
    ]
    if suspects is not None:
        count = suspects[class_key(row.name)]
        cells.append(number_cell(count, f"{count:,}"))
    return element("tr", element("th", row.name, scope="row"), *cells)


def _sizes(survey: Survey) -> Markup:
    squares = shapes.exact_squares(survey)
    figures = [
        element("figure", element("h3", title), _counts(counts, title))
        for title, counts in (
            ("Shorter side", shapes.short_sides(survey)),
            ("Width to height", shapes.aspects(survey)),
            ("Fine detail", shapes.details(survey)),
        )
        if counts
    ]
    return section(
        "Sizes",
        "sizes",
        element(
            "p",
            f"{amount(squares, 'photo')} {'is' if squares == 1 else 'are'} square to the pixel. "
            "Fine detail is what is lost when the sides are halved, over what is lost in further "
            f"halvings, from {DETAIL_SIDE} px on; below {SOFT:g} a photo is enlarged or blurred.",
            class_="about",
        ),
        *figures,
    )


def _counts(counts: shapes.Counts, title: str) -> Markup:
    return bar_plot(list(counts.items()), title, show="{:,.0f}".format)


def _origin(checked: Checked) -> Markup:
    facts = [("Photos", str(checked.survey.root))]
    if checked.labels is not None:
        facts.append(("Labels judged in", str(checked.labels.folder)))
        facts.append(("By features of", checked.labels.features))
    if checked.command:
        facts.append(("Command", checked.command))
    return section("Where this comes from", "provenance", definitions(facts))
