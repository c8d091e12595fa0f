"""Makes the HEIC files of the tests; they are in the repository because nothing here can encode.

Run once, in an environment of its own (pillow-heif brings the GPL encoder x265, so it is no
dependency of the project):

    python -m venv /tmp/heic && /tmp/heic/bin/pip install pillow-heif numpy
    PYTHONPATH=tests/support /tmp/heic/bin/python tests/photo/heic/make.py
"""

from __future__ import annotations

import numpy as np
from pictures import DISPLAY_P3, HEIC, exif, icc_profile, scene, stored
from PIL import Image


def main() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    options = {"quality": 90, "chroma": 444}
    for orientation in range(1, 9):
        # The encoder moves EXIF's orientation into the container's rotation and mirror.
        path, block = HEIC / f"orientation_{orientation}.heic", exif(orientation).tobytes()
        stored(orientation).save(path, exif=block, **options)
    scene().save(HEIC / "display_p3.heic", icc_profile=icc_profile(DISPLAY_P3), **options)
    block = exif()
    block.get_ifd(0x8825).update({1: "S", 2: (13.0, 9.0, 47.0), 3: "W", 4: (72.0, 32.0, 44.0)})
    block.get_ifd(0x8769).update({0x9003: "2024:06:01 10:20:30", 0x9011: "-05:00"})
    scene().save(HEIC / "gps.heic", exif=block.tobytes(), **options)
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(HEIC / "transparent.heic", **options)
    scene().convert("L").save(HEIC / "gray.heic", **options)
    deep = np.asarray(scene()).astype(np.uint16) * 257
    heif = pillow_heif.from_bytes("RGB;16", scene().size, deep.tobytes())
    heif.save(HEIC / "ten_bits.heic", **options)


if __name__ == "__main__":
    main()
