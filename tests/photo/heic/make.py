"""Makes the HEIC files of the tests; they are in the repository because nothing here can encode.

Run once, in an environment of its own (pillow-heif brings the GPL encoder x265, so it is no
dependency of the project):

    python -m venv /tmp/heic && /tmp/heic/bin/pip install pillow-heif numpy
    /tmp/heic/bin/python tests/photo/heic/make.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from pictures import DISPLAY_P3, exif, icc_profile, scene, stored  # noqa: E402


def gps_block() -> Image.Exif:
    block = exif()
    block.get_ifd(0x8825).update({1: "S", 2: (13.0, 9.0, 47.0), 3: "W", 4: (72.0, 32.0, 44.0)})
    block.get_ifd(0x8769).update({0x9003: "2024:06:01 10:20:30", 0x9011: "-05:00"})
    return block


def main() -> None:
    pillow_heif.register_heif_opener()
    options = {"quality": 90, "chroma": 444}
    for orientation in range(1, 9):
        # The encoder moves EXIF's orientation into the container's rotation and mirror.
        path, block = HERE / f"orientation_{orientation}.heic", exif(orientation).tobytes()
        stored(orientation).save(path, exif=block, **options)
    scene().save(HERE / "display_p3.heic", icc_profile=icc_profile(DISPLAY_P3), **options)
    scene().save(HERE / "gps.heic", exif=gps_block().tobytes(), **options)
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(HERE / "transparent.heic", **options)
    scene().convert("L").save(HERE / "gray.heic", **options)
    deep = np.asarray(scene()).astype(np.uint16) * 257
    heif = pillow_heif.from_bytes("RGB;16", scene().size, deep.tobytes())
    heif.save(HERE / "ten_bits.heic", **options)


if __name__ == "__main__":
    main()
