"""A comparison as one HTML file: tables, intervals, curves, recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whereshot.learn.compare.columns import (
    Column,
    accuracy_columns,
    cost_columns,
    points,
    value_of,
)
from whereshot.learn.compare.records import Comparison, RunRow
from whereshot.learn.evaluation import amount
from whereshot.learn.report.frame import render_frame
from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.parts import definitions, number_cell, section, sortable_table
from whereshot.learn.report.plots import WIDE, Line, interval_plot, line_plot, series_class

_CURVES = (
    ("validation_top1", "Validation top-1", "{:.0%}"),
    ("validation_loss", "Validation loss", "{:g}"),
    ("loss", "Training loss", "{:g}"),
)


def render_comparison(found: Comparison) -> str:
    """The HTML of the report."""
    return render_frame(
        f"{amount(len(found.runs), 'run')} side by side",
        _headline(found),
        _problems(found.runs),
        _accuracy(found),
        _luck(found),
        _cost(found),
        _curves(found.runs),
        _recipes(found),
        _provenance(found),
    )


def _headline(found: Comparison) -> Markup:
    photos = max((row.test.photos for row in found.runs if row.test), default=0)
    measured = (
        f"Measured on {amount(photos, 'photo')} in {found.data}."
        if found.data is not None
        else "None of them has been measured on test photos yet (--data)."
    )
    return element(
        "header",
        element("p", "whereshot comparison", class_="kicker"),
        element("h1", f"{amount(len(found.runs), 'run')} side by side"),
        element(
            "p",
            f"{measured} Intervals hold 95 % of the bootstrap resamples of the photos.",
            class_="lead",
        ),
    )


def _problems(rows: Sequence[RunRow]) -> Markup | None:
    notes = [element("p", f"{row.name}: {row.problem}") for row in rows if row.problem]
    return element("aside", *notes) if notes else None


def _accuracy(found: Comparison) -> Markup:
    columns = accuracy_columns(found)
    on_test = any(row.test for row in found.runs)
    shown = [
        (row.name, estimate, number)
        for number, row in enumerate(found.runs)
        if (estimate := (row.test and row.test.top1) if on_test else row.validation) is not None
    ]
    title = "Top-1 on the test photos" if on_test else "Top-1 on the photos held out of training"
    plot = element("figure", interval_plot(shown, title)) if shown else None
    return section(
        "What they reached",
        "accuracy",
        element(
            "p",
            f"{title}, with 95 % intervals. In macro each landmark counts the same. Validation "
            "photos chose the epoch that was kept, so a run's validation figure flatters it.",
            class_="about",
        ),
        *([plot] if plot else []),
        _table(found.runs, columns),
    )


def _luck(found: Comparison) -> Markup | None:
    if not found.pairs:
        return None
    number = {row.name: position for position, row in enumerate(found.runs)}
    head = ("Run", "Photos", "Top-1, points", "Macro, points", "Only it is right", "p")
    rows = [
        element(
            "tr",
            element("th", pair.other, scope="row"),
            element("td", f"{pair.photos:,}", class_="number"),
            element("td", points(pair.top1), class_="number"),
            element("td", points(pair.macro), class_="number"),
            element(
                "td",
                f"{pair.other_only:,}, against {pair.first_only:,}",
                class_="number",
            ),
            element("td", f"{pair.p_value:.2g}", class_="number"),
        )
        for pair in found.pairs
    ]
    first = found.pairs[0].first
    gains = [(pair.other, pair.top1, number[pair.other]) for pair in found.pairs]
    return section(
        f"Better than {first}, or luck",
        "luck",
        element(
            "p",
            f"Differences of top-1 from {first}, photo by photo: where 0 lies outside of the "
            "interval, chance is a poor explanation. p is McNemar's exact one: how often so uneven "
            "a split of the photos that only one of the two is right on would come about, were "
            "both as good.",
            class_="about",
        ),
        element(
            "figure",
            interval_plot(gains, f"Difference from {first}", show="{:+.1%}".format, zero=True),
        ),
        _plain_table(head, rows),
    )


def _cost(found: Comparison) -> Markup:
    processors = sorted({row.processor for row in found.runs if row.processor})
    timed = f" CPU ms: a photo on one thread of {'; '.join(processors)}." if processors else ""
    return section(
        "What they cost",
        "cost",
        element(
            "p",
            "A multiply-add counts as two operations; GFLOPs are 10^9 of them for one photo."
            f"{timed} Minutes of training are those of the machine that each ran on.",
            class_="about",
        ),
        _table(found.runs, cost_columns()),
    )


def _curves(rows: Sequence[RunRow]) -> Markup | None:
    figures: list[Markup] = []
    for key, title, form in _CURVES:
        lines = [
            Line(row.name, tuple(_points(row, key)), number) for number, row in enumerate(rows)
        ]
        if any(line.points for line in lines):
            plot = line_plot(lines, title, show=form.format)
            figures.append(element("figure", element("h3", title), plot))
    if not figures:
        return None
    plots = element("div", *figures, class_="pair", style=WIDE)
    return section("Epoch by epoch", "curves", _legend(rows), plots)


def _points(row: RunRow, key: str) -> Iterator[tuple[float, float]]:
    """A figure by epoch; epochs count from 1 for people."""
    for each in row.history:
        if key in each:
            yield each["epoch"] + 1, each[key]


def _recipes(found: Comparison) -> Markup | None:
    if not found.differences:
        return None
    rows = [
        element(
            "tr",
            element("th", element("code", key), scope="row", class_="number"),  # in one line
            *(element("td", value_of(value)) for value in values),
        )
        for key, values in found.differences.items()
    ]
    return section(
        "What differs in their recipes",
        "recipes",
        _plain_table(("Key", *(row.name for row in found.runs)), rows),
    )


def _provenance(found: Comparison) -> Markup:
    facts = [(row.name, row.folder) for row in found.runs]
    if found.data is not None and found.fingerprint is not None:
        facts += [("Test photos", found.data), ("Their fingerprint", found.fingerprint)]
    return section("Where these figures come from", "provenance", definitions(facts))


def _table(rows: Sequence[RunRow], columns: Sequence[Column]) -> Markup:
    body = [
        element(
            "tr",
            element("th", _key(number), row.name, scope="row"),
            *(_cell(column, row) for column in columns),
        )
        for number, row in enumerate(rows)
    ]
    return sortable_table(("run", *(column.title for column in columns)), body)


def _cell(column: Column, row: RunRow) -> Markup:
    shown, value = column.show(row), column.value(row)
    if value is None and shown != "-":
        return element("td", shown)
    return number_cell(value, shown)


def _plain_table(head: Sequence[str], rows: Sequence[Markup]) -> Markup:
    titles = [element("th", title, scope="col") for title in head]
    table = element("table", element("thead", element("tr", *titles)), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _key(number: int) -> Markup:
    return element("i", class_=f"key {series_class(number)}")


def _legend(rows: Sequence[RunRow]) -> Markup:
    entries = [element("span", _key(number), row.name) for number, row in enumerate(rows)]
    return element("p", *entries, class_="legend")
