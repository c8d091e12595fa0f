"""Photos that a tiny bundle tells apart by their color, some of them under a wrong label."""

from __future__ import annotations

from pathlib import Path

from made_photos import saved, scene
from PIL import Image

COLORS = {"Machu_Picchu": (0, 255, 0), "Niagara_Falls": (0, 0, 255), "Petra": (255, 0, 0)}
WRONG = "Petra/wrong.png"
"""A blue photo among the red ones."""


def tinted(seed: int, color: tuple[int, int, int]) -> Image.Image:
    """A made-up photo, mostly of one color."""
    return Image.blend(scene(seed, (96, 72)), Image.new("RGB", (96, 72), color), 0.5)


def tinted_set(root: Path, each: int = 12) -> Path:
    """A folder per color, all photos different, and the one that lies in the wrong folder."""
    for row, (name, color) in enumerate(COLORS.items()):
        for number in range(each):
            saved(tinted(100 * row + number, color), root / name / f"{number:02}.png")
    saved(tinted(999, COLORS["Niagara_Falls"]), root / WRONG)
    return root
