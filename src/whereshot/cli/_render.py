"""Recognitions as text for a person and as JSON for a program."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from whereshot.cli._shared import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from whereshot.records import Failure, Landmark, Location, Recognition

BAR_CELLS = 20
WHAT_CELLS = 44
_EIGHTHS = " ▏▎▍▌▋▊▉"


def json_line(
    result: Recognition | Failure, encoding: str | None = "utf-8", *, region: bool = False
) -> str:
    """One line of NDJSON, readable where the output's encoding can write it, else in escapes.

    With `region`, a recognition says where in the photo the landmark is.
    """
    from whereshot.recognize.wire import failure_to_dict, recognition_to_dict
    from whereshot.records import Failure

    record = (
        failure_to_dict(result)
        if isinstance(result, Failure)
        else recognition_to_dict(result, region=region)
    )
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:  # a narrow encoding, or a file name that is not UTF-8
        return json.dumps(record)
    return text


def percent(probability: float) -> str:
    """A probability for a person.

    >>> percent(0.981), percent(0.99999), percent(0.0001)
    ('98.1 %', '> 99.9 %', '< 0.1 %')
    """
    if probability > 0.9994:
        return "> 99.9 %"
    return "< 0.1 %" if probability < 0.0005 else f"{100 * probability:.1f} %"


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A share in [0, 1] as a bar of block characters, in steps of an eighth of a cell.

    >>> bar(0.5, cells=4)
    '██'
    """
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def place_of(landmark: Landmark) -> str:
    """City and country, without saying the landmark's own name again."""
    parts = [landmark.city or landmark.region, landmark.country]
    return ", ".join(part for part in parts if part and part != landmark.name)


def describe_location(location: Location) -> str:
    """Coordinates, how good they are, and where they come from."""
    point = f"{location.latitude:.4f}, {location.longitude:.4f}"
    if location.source == "exif":
        return f"{point}  (the photo's own GPS position)"
    return f"{point}  (within {location.radius_km:g} km: the landmark's place)"


def block(result: Recognition) -> Iterator[Text]:
    """All about one photo: the verdict, the place, the candidates as bars."""
    from rich.text import Text

    best = result.predictions[0]
    yield Text(printable(result.photo or "photo"), style="bold")
    if result.verdict == "landmark":
        yield Text.assemble(
            "  ",
            (best.landmark.name, "bold green"),
            f", {place_of(best.landmark)}  ({percent(best.probability)} sure)",
        )
    else:
        yield Text.assemble(
            "  ",
            ("unknown", "bold yellow"),
            f": no landmark that I know for sure; most like {best.landmark.name}",
        )
    if result.location is not None:
        yield Text(f"  {describe_location(result.location)}")
    for prediction in result.predictions:
        yield Text.assemble(
            f"{percent(prediction.probability):>10} ",
            (f"{bar(prediction.probability):<{BAR_CELLS}} ", "cyan"),
            prediction.landmark.name,
            (f"  {place_of(prediction.landmark)}", "bright_black"),
        )
    if result.plausible is not None:
        names = ", ".join(each.landmark.name for each in result.plausible)
        yield Text(f"  if it shows a landmark that I know, it is one of: {names}")
    yield Text("")


def line(result: Recognition) -> Text:
    """One photo in one line, its path last, where its length does no harm."""
    from rich.text import Text

    best = result.predictions[0]
    if result.verdict == "landmark":
        what = Text(f"{best.landmark.name}, {best.landmark.country}", style="green")
    else:
        what = Text.assemble(("unknown", "yellow"), f", most like {best.landmark.name}")
    what.truncate(WHAT_CELLS, overflow="ellipsis", pad=True)
    return Text.assemble(
        f"{percent(best.probability):>8}  ", what, f"  {printable(result.photo or 'photo')}"
    )


def make_table(*columns: str) -> Table:
    """A table without lines, with a column for each title; more can be added."""
    from rich.table import Table

    return Table(*columns, box=None, padding=(0, 2, 0, 0), header_style="dim")


def make_console() -> Console:
    """A console on stdout that doesn't wrap at 80 columns where nobody looks at a screen.

    What the encoding of stdout can't write becomes a question mark there, and not an error.
    """
    from rich.console import Console

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False)
