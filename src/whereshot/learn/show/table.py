"""A table that a notebook shows as one and a terminal as text."""

from __future__ import annotations

from dataclasses import dataclass

from whereshot.learn.report.markup import Markup, element

_GAP = "  "


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """Cells as texts: a head, and rows of as many cells. The first cell of a row is its name.

    >>> Table(("run", "top-1"), (("a", "9.5 %"), ("longer", "10.0 %")))
    run      top-1
    a        9.5 %
    longer  10.0 %
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(f"a row must have {len(self.head)} cells, got {len(row)}: {row}")

    def __repr__(self) -> str:
        lines = (self.head, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = (
            [line[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            for line in lines
        )
        return "\n".join(_GAP.join(line).rstrip() for line in shown)

    def _repr_html_(self) -> Markup:
        """What notebooks show."""
        head = [element("th", title) for title in self.head]
        rows = [
            element("tr", element("th", row[0]), *(element("td", cell) for cell in row[1:]))
            for row in self.rows
        ]
        return element("table", element("thead", element("tr", *head)), element("tbody", *rows))
