"""Made-up photos for tests: cheap, repeatable, and as different from each other as real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A made-up photo: sky, ground and a few blocks, different for each seed."""
    rng = np.random.default_rng(seed)
    width, height = size
    picture = Image.new("RGB", size, tuple(rng.integers(120, 255, 3).tolist()))
    draw = ImageDraw.Draw(picture)
    horizon = int(height * rng.uniform(0.4, 0.8))
    draw.rectangle((0, horizon, width, height), tuple(rng.integers(0, 140, 3).tolist()))
    for _ in range(12):
        x, y = int(rng.uniform(-0.1, 0.9) * width), int(rng.uniform(-0.1, 0.9) * height)
        right = x + int(rng.uniform(0.05, 0.4) * width)
        below = y + int(rng.uniform(0.05, 0.4) * height)
        draw.rectangle((x, y, right, below), tuple(rng.integers(0, 255, 3).tolist()))
    return picture


def saved(picture: Image.Image, path: Path, **options: object) -> Path:
    """Save a picture where its folder need not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)
    return path


def data_set(root: Path, layout: dict[str, int]) -> Path:
    """A folder of different photos; `layout` maps class folders to their number of photos."""
    seed = 0
    for folder, count in layout.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            saved(scene(seed), root / folder / f"{number}.jpg")
            seed += 1
    return root
