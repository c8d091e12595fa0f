"""A search as one HTML file: how it went, what mattered, which values did well, every trial."""

from __future__ import annotations

from collections.abc import Sequence

from whereshot.learn.compare.columns import value_of
from whereshot.learn.evaluation import amount
from whereshot.learn.report.frame import render_frame
from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.parts import definitions, number_cell, section, sortable_table
from whereshot.learn.report.plots import Format, Line, bar_plot, dot_plot, line_plot
from whereshot.learn.tune.records import GOAL_NAMES, Search, TrialRow, is_lower_better
from whereshot.learn.tune.space import Dimension, Range

_CURVES = 16  # the best trials whose curves are drawn: that many lines can be told apart


def render_search(found: Search) -> str:
    """The HTML of the report."""
    return render_frame(
        f"Search: {found.name}",
        _headline(found),
        _failures(found.trials),
        _progress(found),
        _importances(found),
        _values(found),
        _curves(found),
        _trials(found),
        _space(found),
    )


def _headline(found: Search) -> Markup:
    best = found.best
    result = (
        "no trial is finished yet"
        if best is None
        else f"the best so far is {best.folder} with {_show(found, best.value)}"
    )
    return element(
        "header",
        element("p", "whereshot search", class_="kicker"),
        element("h1", found.name),
        element(
            "p",
            f"{amount(len(found.trials), 'trial')}, ranked by {GOAL_NAMES[found.goal]} on the "
            f"photos held out of training: {result}. The best of many trials owes some of its "
            "figure to luck; measure it on test photos once, and train it with another seed.",
            class_="lead",
        ),
    )


def _failures(rows: Sequence[TrialRow]) -> Markup | None:
    notes = [element("p", f"{row.folder}: {row.problem}") for row in rows if row.problem]
    return element("aside", *notes) if notes else None


def _progress(found: Search) -> Markup | None:
    points = [(float(row.number), row.value) for row in found.trials if row.value is not None]
    if not points:
        return None
    pick = min if is_lower_better(found.goal) else max
    best = [(x, pick(y for _, y in points[: i + 1])) for i, (x, _) in enumerate(points)]
    lines = (Line("best so far", best, 0), Line("trial", points, 7))
    return section(
        "How it went",
        "progress",
        element("p", "Finished trials, and the best of them so far.", class_="about"),
        element(
            "figure",
            line_plot(lines, "The goal by trial", x_title="trial", show=_form(found)),
        ),
    )


def _importances(found: Search) -> Markup:
    if not found.importances:
        return section(
            "What mattered",
            "importances",
            element("p", "Too few trials are finished to say.", class_="about"),
        )
    return section(
        "What mattered",
        "importances",
        element(
            "p",
            f"The share of the variation of the {GOAL_NAMES[found.goal]} that each key explains by "
            "itself, over the ranges that were searched (fANOVA). With fewer than some twenty "
            "finished trials it is a hint.",
            class_="about",
        ),
        element(
            "figure",
            bar_plot(tuple(found.importances.items()), "Importance", show="{:.0%}".format),
        ),
    )


def _values(found: Search) -> Markup | None:
    rows = [row for row in found.trials if row.value is not None]
    if len(rows) < 2:
        return None
    figures = [
        element("figure", element("h3", element("code", each.key)), _dots(found, each, rows))
        for each in found.space
    ]
    return section(
        "Which values did well",
        "values",
        element(
            "p",
            f"A dot is a finished trial: {GOAL_NAMES[found.goal]} by the value of each key. The "
            "best one has another color.",
            class_="about",
        ),
        element("div", *figures, class_="pair"),
    )


def _dots(found: Search, dimension: Dimension, rows: Sequence[TrialRow]) -> Markup:
    best = found.best
    dots: list[tuple[float | str, float, int, str]] = []
    for row in rows:
        if row.value is not None:
            value = row.values[dimension.key]
            x = float(value) if isinstance(dimension, Range) else value_of(value)
            words = f"{row.folder}: {value_of(value)}, {_show(found, row.value)}"
            dots.append((x, row.value, 1 if row is best else 0, words))
    log = isinstance(dimension, Range) and dimension.log
    return dot_plot(
        dots, f"{GOAL_NAMES[found.goal]} by {dimension.key}", log=log, show=_form(found)
    )


def _curves(found: Search) -> Markup | None:
    shown = [row for row in found.ranked() if row.state != "failed"][:_CURVES]
    lines = [
        Line(row.folder, tuple((float(n + 1), y) for n, y in enumerate(row.curve)), number)
        for number, row in enumerate(shown)
    ]
    if not any(line.points for line in lines):
        return None
    return section(
        "Epoch by epoch",
        "curves",
        element(
            "p",
            f"The {GOAL_NAMES[found.goal]} of the best {amount(len(lines), 'trial')}; those that "
            "end early were pruned.",
            class_="about",
        ),
        element("figure", line_plot(lines, GOAL_NAMES[found.goal], show=_form(found))),
    )


def _trials(found: Search) -> Markup:
    keys = [dimension.key for dimension in found.space]
    titles = ("trial", "state", GOAL_NAMES[found.goal], "top-1", "epochs", *keys)
    body = [
        element(
            "tr",
            element("th", row.folder, scope="row"),
            element("td", row.state),
            number_cell(row.value, _show(found, row.value)),
            number_cell(row.top1, "-" if row.top1 is None else f"{row.top1:.1%}"),
            number_cell(row.epochs, str(row.epochs)),
            *(_value(row.values.get(key)) for key in keys),
        )
        for row in found.ranked()
    ]
    return section("Every trial", "trials", sortable_table(titles, body, tall=True))


def _space(found: Search) -> Markup:
    facts = [("Folder", found.folder)]
    for each in found.space:
        words = (
            f"{each.low:g} to {each.high:g}" + (", evenly by ratio" if each.log else "")
            if isinstance(each, Range)
            else ", ".join(map(value_of, each.values))
        )
        facts.append((each.key, words))
    return section("Where it searched", "space", definitions(facts))


def _value(value: object) -> Markup:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return number_cell(value, f"{value:.3g}")
    return element("td", value_of(value))


def _form(found: Search) -> Format:
    return "{:g}".format if is_lower_better(found.goal) else "{:.0%}".format


def _show(found: Search, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if is_lower_better(found.goal) else f"{value:.1%}"
