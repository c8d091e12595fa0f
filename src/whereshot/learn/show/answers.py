"""What a recognizer answers: the photo beside its candidates, and what it stands."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

from whereshot.learn.robustness import Stood
from whereshot.learn.show.canvas import BLUE, GREY, draw
from whereshot.learn.show.table import Table
from whereshot.photo import decode
from whereshot.records import Recognition, Recognizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 480  # px, of the photos that are shown


def show_answers(
    recognizer: Recognizer, photos: Sequence[str | PathLike[str] | bytes], *, k: int = 5
) -> Figure:
    """A pair for each photo: the photo, and its k best landmarks as bars. Shows photos."""
    from PIL import Image

    figure, axes = draw(4.6 * len(photos) * 1.6, 3.2, 2 * len(photos))
    for photo, picture, bars in zip(photos, axes[::2], axes[1::2], strict=True):
        shown = Image.fromarray(decode(photo, min_side=_SIDE))
        shown.thumbnail((_SIDE, _SIDE))
        picture.imshow(shown)
        picture.set_axis_off()
        _draw_bars(bars, recognizer.recognize(photo, k=k))
    return figure


def _draw_bars(axis: Axes, answer: Recognition) -> None:
    named = answer.verdict == "landmark"
    names = [each.landmark.name for each in answer.predictions]
    axis.barh(
        names,
        [each.probability for each in answer.predictions],
        color=[BLUE if named else GREY, *[GREY] * (len(names) - 1)],
        height=0.6,
    )
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.grid(visible=False, axis="y")
    sure = "" if answer.certainty is None else f", {answer.certainty:.0%} sure"
    title = f"{names[0]}{sure}" if named else "I don't know this place"
    axis.set_title(title, fontsize=10, loc="left")


def robustness_table(rows: Sequence[Stood]) -> Table:
    """What becomes of photos of landmarks that something has happened to."""
    cells = tuple(
        (row.change, *(f"{share:.1%}" for share in (row.right, row.named, row.wrong)))
        for row in rows
    )
    photos = f"{rows[0].photos:,} photos" if rows else "photos"
    return Table((photos, "right one first", "named rightly", "named wrongly"), cells)
