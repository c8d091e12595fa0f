"""A folder of small photos as a person has them: trips, times, positions, and what can't be read.

The bundle `tiny` tells them apart by color: red is the Golden Gate Bridge, green Machu Picchu, blue
Niagara Falls, grey is unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from made_photos import saved, scene
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
PARIS = (48.8584, 2.2945)

_SIZE = (120, 90)
_COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "grey": (128, 128, 128)}
_PLACES = {"red": (37.81, -122.47), "green": (-13.16, -72.54), "blue": (43.08, -79.07)}
_TRIPS = {
    "2023/California": ("red", "2023-05-02T09:00"),
    "2024/Peru": ("green", "2024-03-01T08:00"),
    "2024/Canada": ("blue", "2024-08-20T10:00"),
}


def folder_of_photos(root: Path, count: int = 300) -> Path:
    """Write `count` photos, all different, and two files that are photos by their names only.

    A third of each trip shows its landmark, and every second of these has GPS nearby; the others
    show nothing known. One photo of a bridge was taken in Paris, by its GPS. The last four are
    crops of the sample photos.
    """
    trips = list(_TRIPS.items())
    samples = [(name, edge) for name in ("great_wall_of_china", "machu_picchu") for edge in (0, 40)]
    for number in range(count - len(samples)):
        folder, (color, start) = trips[number % len(trips)]
        turn = number // len(trips)
        shown = color if turn % 3 == 0 else "grey"
        gps = _PLACES[color] if turn % 6 == 0 else None
        if number == 9:
            gps = PARIS
        taken = datetime.fromisoformat(start) + timedelta(hours=5 * turn)
        photo = made_photo(number, shown)
        saved(photo, root / folder / f"IMG_{number:04}.jpg", exif=exif_of(taken, gps), quality=85)
    for name, edge in samples:
        with Image.open(SAMPLES / f"{name}.jpg") as whole:
            crop = whole.crop((edge, edge, whole.width - edge, whole.height - edge))
        crop.thumbnail((320, 240))
        saved(crop, root / "samples" / f"{name}_{edge}.jpg", quality=85)
    (root / "2024/broken.jpg").write_bytes((root / "2024/Peru/IMG_0001.jpg").read_bytes()[:500])
    (root / "2024/notes.jpg").write_text("a list of things to pack, and no photo at all")
    return root


def made_photo(seed: int, color: str) -> Image.Image:
    """A made-up scene, mostly of one color."""
    return Image.blend(scene(seed, _SIZE), Image.new("RGB", _SIZE, _COLORS[color]), 0.72)


def exif_of(taken: datetime, gps: tuple[float, float] | None = None) -> Image.Exif:
    """What a camera writes: when, and where in degrees (latitude, longitude)."""
    exif = Image.Exif()
    parts: dict[int, dict[int, Any]] = {0x8769: {0x9003: f"{taken:%Y:%m:%d %H:%M:%S}"}}
    if gps is not None:
        latitude, longitude = gps
        parts[0x8825] = {
            1: "N" if latitude >= 0 else "S",
            2: _sexagesimal(latitude),
            3: "E" if longitude >= 0 else "W",
            4: _sexagesimal(longitude),
        }
    for tag, values in parts.items():
        exif[tag] = values
    return exif


def _sexagesimal(degrees: float) -> tuple[int, float, int]:
    whole, part = divmod(abs(degrees), 1)
    return int(whole), round(60 * part, 4), 0
