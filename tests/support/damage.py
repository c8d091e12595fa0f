"""Damaged photos: every format, broken in the ways that disks, cables and attackers break files.

The same seed gives the same files. `python damage.py FOLDER [COUNT] [SEED]` writes them.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from pictures import DISPLAY_P3, HEIC, encode, exif, icc_profile, scene
from PIL import Image


@cache
def originals() -> dict[str, bytes]:
    """Sound photos by file name: each format in the variants that take another way."""
    photo, block = scene(160, 120), exif(6)
    profile = icc_profile(DISPLAY_P3)
    alpha = photo.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(photo.size))
    palette = photo.quantize(64)
    deep = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    frames = {"save_all": True, "append_images": [photo.rotate(90), photo.rotate(180)]}
    found = {
        "baseline.jpg": encode(photo, "JPEG", exif=block, icc_profile=profile),
        "progressive.jpg": encode(photo, "JPEG", progressive=True, exif=block),
        "cmyk.jpg": encode(photo.convert("CMYK"), "JPEG"),
        "gray.jpg": encode(photo.convert("L"), "JPEG", icc_profile=profile),
        "rgb.png": encode(photo, "PNG", exif=block, icc_profile=profile),
        "palette.png": encode(palette, "PNG", transparency=b"\0\x80\xff"),
        "deep.png": encode(deep, "PNG"),
        "animated.png": encode(photo, "PNG", **frames),
        "lossy.webp": encode(photo, "WEBP", exif=block, icc_profile=profile),
        "lossless.webp": encode(alpha, "WEBP", lossless=True),
        "animated.webp": encode(photo, "WEBP", **frames),
        "deflate.tif": encode(alpha, "TIFF", compression="tiff_deflate", exif=block),
        "raw.tif": encode(photo, "TIFF", icc_profile=profile),
        "jpeg.tif": encode(photo, "TIFF", compression="jpeg"),
        "lzw.tif": encode(deep, "TIFF", compression="tiff_lzw"),
        "animated.gif": encode(palette, "GIF", **frames),
        "plain.bmp": encode(photo, "BMP"),
        "color.avif": encode(photo, "AVIF", exif=block, icc_profile=profile),
        "alpha.avif": encode(alpha, "AVIF"),
    }
    for file in sorted(HEIC.glob("*.heic")):
        if not file.stem.startswith("orientation") or file.stem.endswith("6"):
            found[file.name] = file.read_bytes()
    return found


def _flip_bits(data: bytearray, chance: random.Random, reach: int) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 8, 32))):
        data[chance.randrange(min(reach, len(data)))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _anywhere(data: bytearray, chance: random.Random) -> bytes:
    return _flip_bits(data, chance, len(data))


def _in_the_header(data: bytearray, chance: random.Random) -> bytes:
    return _flip_bits(data, chance, 300)


def _truncated(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def _zeroed(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((4, 64, 512, 4096)))
    data[start:end] = bytes(end - start)
    return bytes(data)


def _random_block(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((2, 16, 256)))
    data[start:end] = chance.randbytes(end - start)
    return bytes(data)


def _highest_values(data: bytearray, chance: random.Random) -> bytes:
    """Sizes and counts of which the header has a lot, at their largest."""
    start = chance.randrange(min(400, len(data)))
    width = chance.choice((1, 2, 4))
    data[start : start + width] = b"\xff" * len(data[start : start + width])
    return bytes(data)


def _cut_out(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 7, 100, 1000))]
    return bytes(data)


def _repeated(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 12, 300))]
    return bytes(data[:start] + piece + data[start:])


DAMAGES: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    _anywhere,
    _in_the_header,
    _truncated,
    _zeroed,
    _random_block,
    _highest_values,
    _cut_out,
    _repeated,
)


def damaged(count: int = 1000, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Names such as `0042_truncated_lossy.webp` with the bytes of damaged photos."""
    chance = random.Random(seed)
    sound = sorted(originals().items())
    for number in range(count):
        name, data = sound[number % len(sound)]
        damage = chance.choice(DAMAGES)
        label = damage.__name__.strip("_")
        yield f"{number:04d}_{label}_{name}", damage(bytearray(data), chance)


def damaged_headers(reach: int = 450) -> Iterator[tuple[str, bytes]]:
    """HEIC and AVIF with each byte of the header in turn at its lowest and highest value."""
    for name in ("gps.heic", "gray.heic", "color.avif"):
        data = originals()[name]
        for place in range(min(reach, len(data))):
            for value in (0x00, 0xFF):
                yield f"{place:04d}_{value:02x}_{name}", _with(data, place, value)


def _with(data: bytes, place: int, value: int) -> bytes:
    return data[:place] + bytes((value,)) + data[place + 1 :]


def write_damaged(folder: Path, count: int = 1000, seed: int = 0) -> list[Path]:
    """Write damaged photos into a folder; their paths, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for name, data in damaged(count, seed):
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths


if __name__ == "__main__":
    write_damaged(Path(sys.argv[1]), *map(int, sys.argv[2:]))
