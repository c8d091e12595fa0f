"""What a run said of each photo, as JSON, CSV or one HTML page."""

from __future__ import annotations

import csv
import difflib
import html
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whereshot.errors import WhereshotError
from whereshot.library.tagging import OUTCOMES, Outcome, TagStep

SUFFIXES = (".json", ".csv", ".html")
COLUMNS = (
    "photo", "outcome", "reason", "landmark_id", "landmark", "country", "probability", "written_to",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TagRow:
    """One photo of a report, without the content that was written."""

    photo: str
    outcome: Outcome
    reason: str
    landmark_id: str
    landmark: str
    country: str
    probability: float | None
    written_to: str


def row_of(step: TagStep) -> TagRow:
    """What a report says of a step."""
    landmark, path = step.landmark, step.path if step.changes else None
    return TagRow(
        photo=_text(step.photo),
        outcome=step.outcome,
        reason=step.reason,
        landmark_id=landmark.id if landmark else "",
        landmark=landmark.name if landmark else "",
        country=landmark.country if landmark else "",
        probability=None if step.probability is None else round(step.probability, 4),
        written_to="" if path is None else _text(path),
    )


def difference(step: TagStep) -> list[str]:
    """The change to a file as the lines of a unified difference, as they are in the file."""
    before, after = (
        (content or b"").decode("utf-8", "surrogateescape").splitlines()
        for content in (step.before, step.after)
    )
    name = str(step.path)
    old = name if step.before is not None else os.devnull
    new = name if step.after is not None else os.devnull
    return list(difflib.unified_diff(before, after, old, new, lineterm=""))


def check_report_name(path: Path) -> None:
    """Raise `WhereshotError` for a report in a form that there is none of."""
    if path.suffix.lower() not in SUFFIXES:
        raise WhereshotError(
            f"'{path}' can't be written: a report is a file that ends in {', '.join(SUFFIXES)}. "
            "Give it one of these endings."
        )


def report_text(path: Path, rows: Sequence[TagRow], run: int | None) -> bytes:
    """The report in the form that its suffix asks for; `run` is None if nothing was changed."""
    form = {".json": _json, ".csv": _csv, ".html": _html}[path.suffix.lower()]
    return form(rows, run).encode("utf-8")


def counts_of(rows: Sequence[TagRow]) -> dict[Outcome, int]:
    """How many photos had which outcome, all outcomes named."""
    counted = Counter(row.outcome for row in rows)
    return {outcome: counted[outcome] for outcome in OUTCOMES}


def _json(rows: Sequence[TagRow], run: int | None) -> str:
    photos = [{column: getattr(row, column) for column in COLUMNS} for row in rows]
    report = {"run": run, "counts": counts_of(rows), "photos": photos}
    return json.dumps(report, ensure_ascii=False, indent=1) + "\n"


def _csv(rows: Sequence[TagRow], run: int | None) -> str:  # noqa: ARG001 - a column would repeat it
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(row, column)) for column in COLUMNS] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    """A value for a spreadsheet, which would run a text such as `=HYPERLINK(...)`."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def _html(rows: Sequence[TagRow], run: int | None) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" value="{outcome}"'
        f"{'' if outcome == 'skipped' else ' checked'}> {count:,} {outcome}</label>"
        for outcome, count in counts_of(rows).items()
    )
    head = "".join(f'<th scope="col">{column.replace("_", " ")}</th>' for column in COLUMNS)
    body = "\n".join(
        f'<tr class="{row.outcome}">'
        + "".join(f"<td>{html.escape(_shown(getattr(row, column)))}</td>" for column in COLUMNS)
        + "</tr>"
        for row in rows
    )
    undo = f"<p>Run {run}: <code>whereshot undo {run}</code> takes it back.</p>" if run else ""
    return _PAGE.format(boxes=boxes, head=head, body=body, undo=undo)


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.1%}" if isinstance(value, float) else str(value)


def _text(path: Path) -> str:
    """A path that any file can hold: bytes that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>whereshot: tags</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }}
label {{ margin-right: 1.5rem; white-space: nowrap; }}
table {{ border-collapse: collapse; margin-top: 1rem; }}
th, td {{ padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }}
tr + tr td {{ border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); }}
td:first-child {{ overflow-wrap: anywhere; }}
.failed td:nth-child(2), .review td:nth-child(2) {{ font-weight: bold; }}
</style>
<h1>Places that were written</h1>
{undo}
<form>{boxes}</form>
<table><thead><tr>{head}</tr></thead><tbody>
{body}
</tbody></table>
<script>
const boxes = [...document.querySelectorAll("input")];
const show = () => boxes.forEach((box) =>
  document.querySelectorAll("tr." + box.value).forEach((row) => {{ row.hidden = !box.checked; }}));
boxes.forEach((box) => box.addEventListener("change", show));
show();
</script>
</html>
"""
