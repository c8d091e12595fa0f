"""What the sections of every report are made of: headings, facts, tables, figures in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from whereshot.learn.intervals import Estimate
from whereshot.learn.report.markup import Markup, element, join


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] for people; a dash for None.

    >>> percent(0.955), percent(None)
    ('95.5 %', '-')
    """
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def section(title: str, id_: str, *children: str) -> Markup:
    """One part of the page, under its own heading."""
    return element("section", element("h2", title), *children, id=id_)


def with_interval(estimate: Estimate) -> str:
    """A share and its interval for people."""
    return f"{percent(estimate.value)} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f} %)"


def definitions(facts: Sequence[tuple[str, str]]) -> Markup:
    """Names and what they are, as a list of two columns."""
    pairs = (join(element("dt", name), element("dd", value)) for name, value in facts)
    return element("dl", *pairs, class_="facts")


def sortable_table(columns: Sequence[str], rows: Iterable[Markup], *, tall: bool = False) -> Markup:
    """A table with a heading for each column; a click on one sorts by it. `tall` scrolls by itself.

    What is sorted by is the text of a cell, or the number that `number_cell` keeps beside it.
    """
    head = [element("th", element("button", name, type="button"), scope="col") for name in columns]
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *head)),
            element("tbody", *rows),
            class_="sortable",
        ),
        class_="scroll tall" if tall else "scroll",
    )


def number_cell(value: float | None, *words: str) -> Markup:
    """A cell of a table that sorts by `value`; what is missing sorts below all numbers."""
    # As a text: markup rounds numbers to what drawing needs.
    return element(
        "td", *words, class_="number", data_value=f"{-1 if value is None else value:.6g}"
    )


def record(summary: str, value: object) -> Markup:
    """Nested plain values as JSON, folded up under a line."""
    shown = json.dumps(value, indent=1, ensure_ascii=False)
    return element("details", element("summary", summary), element("pre", shown))
