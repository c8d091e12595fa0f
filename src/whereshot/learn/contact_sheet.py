"""A batch as one picture: what the network is shown, and what it is told that it shows.

B batch, S side in px, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

_CELL = 160  # px, the side of a photo on the sheet
_LINE = 14  # px, the height of a line of text
_LINES = 2
_GAP = 4  # px
_SEEN = 0.005  # a share below is not worth naming


def captions_of(
    targets: Tensor, classes: Sequence[str], *, unknown: bool = False
) -> list[list[str]]:
    """What distributions (B, K) say, as lines: `Eiffel_Tower`, or `0.7 Eiffel_Tower` and the rest.

    With `unknown`, what all classes have alike is the share of photos without a landmark.

    >>> import torch
    >>> captions_of(torch.tensor([[1.0, 0.0], [0.25, 0.75]]), ["a", "b"])
    [['a'], ['0.75 b', '0.25 a']]
    """
    captions: list[list[str]] = []
    rows: list[list[float]] = targets.tolist()
    for row in rows:
        base = min(row) if unknown else 0.0
        shares = [(value - base, name) for value, name in zip(row, classes, strict=True)]
        shares.append((base * len(row), "no landmark"))
        seen = sorted((pair for pair in shares if pair[0] > _SEEN), reverse=True)
        alone = len(seen) == 1
        captions.append([name if alone else f"{share:.2g} {name}" for share, name in seen])
    return captions


def contact_sheet(planes: Tensor, captions: Sequence[Sequence[str]]) -> Image.Image:
    """Photos (B, 3, S, S), RGB in 0..255, in rows, each with up to two lines of text below."""
    columns = math.ceil(math.sqrt(len(planes)))
    rows = math.ceil(len(planes) / columns)
    width, height = _CELL + _GAP, _CELL + _LINES * _LINE + _GAP
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    photos = planes.detach().cpu().clamp(0, 255).round().numpy().astype(np.uint8)
    for number, (photo, lines) in enumerate(zip(photos, captions, strict=True)):
        x, y = _GAP + number % columns * width, _GAP + number // columns * height
        sheet.paste(Image.fromarray(photo.transpose(1, 2, 0)).resize((_CELL, _CELL)), (x, y))
        for line, text in enumerate(lines[:_LINES]):
            shown = _fitted(text, font)
            draw.text((x, y + _CELL + line * _LINE), shown, fill="black", font=font)
    return sheet


def _fitted(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The beginning of a text that a cell has room for."""
    if font.getlength(text) <= _CELL:
        return text
    while text and font.getlength(text + "...") > _CELL:
        text = text[:-1]
    return text + "..."
