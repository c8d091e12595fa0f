"""The notebooks in a minute: small made photos, one epoch. It tests cells, and teaches nothing.

The network keeps its architecture and weights, so what is shown and exported is the real thing.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from whereshot.learn.config import Recipe, override

LANDMARKS = ("Eiffel_Tower", "Great_Wall_of_China", "Machu_Picchu", "Pyramids_of_Giza")
_PHOTOS = {"train": 10, "test": 5}  # of each landmark
_STRANGERS = 8  # photos without a landmark, in either part
_SIZE = 64  # px, of the network
_COLORS = np.array([(160, 20, 20), (20, 160, 20), (20, 20, 160), (90, 90, 0)])  # of the landmarks

_made = TemporaryDirectory(prefix="whereshot-notebook-")  # lives as long as the kernel


def shorten(recipe: Recipe) -> tuple[Recipe, Path]:
    """The recipe for made photos, and an empty folder to train it into."""
    root, photos = Path(_made.name), made_photos()
    short = [
        f"data.train={photos / 'world'}",
        "data.validation=0.2",
        "data.exclude=",
        "data.workers=0",
        f"model.size={_SIZE}",
        "optim.batch=8",
        "schedule.epochs=1",
        "schedule.start_size=0",
        "schedule.end_size=0",
        "precision=float32",
    ]
    if recipe.data.unknown:
        short.append(f"data.unknown={photos / 'not_landmarks'}")
    return override(recipe, short), root / "runs" / recipe.name


def made_photos() -> Path:
    """The folder of made photos."""
    folder = Path(_made.name) / "photos"
    paint_photos(folder)
    return folder


def paint_photos(root: Path) -> None:
    """Photos in the shape of the real ones: `world/train`, `world/test`, `not_landmarks/...`."""
    seed = 0
    for part, count in _PHOTOS.items():
        for label, name in enumerate(LANDMARKS):
            for number in range(count):
                seed += 1
                _save(_scene(seed, label), root / "world" / part / name / f"{number}.jpg")
        for number in range(_STRANGERS):
            seed += 1
            _save(_scene(seed, None), root / "not_landmarks" / part / f"{number}.jpg")


def _scene(seed: int, label: int | None) -> Image.Image:
    """Sky, ground and a few blocks; those of a landmark are all of about one color."""
    rng = np.random.default_rng(seed)
    width, height = 96, 72
    picture = Image.new("RGB", (width, height), _color(rng.integers(120, 255, 3)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 50, width, height), _color(rng.integers(0, 140, 3)))
    for _ in range(8):
        x, y = rng.integers(-10, 80), rng.integers(-10, 60)
        color = rng.integers(0, 255, 3)
        if label is not None:
            color = _COLORS[label] + color // 4
        draw.rectangle((x, y, x + rng.integers(5, 40), y + rng.integers(5, 40)), _color(color))
    return picture


def _color(values: NDArray[np.integer]) -> tuple[int, int, int]:
    red, green, blue = values.tolist()
    return red, green, blue


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=90)
