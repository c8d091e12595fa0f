"""Test images made in code: a scene that shows how it is turned, EXIF blocks, colour profiles."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

HEIC = Path(__file__).resolve().parents[1] / "photo" / "heic"
"""HEIC files: nothing here can write them, so these were made by the make.py beside them."""

TURNS = {  # what a camera does to the upright scene when it stores it with this orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

# Colorants (XYZ relative to D50) as columns, from the profiles' own specifications.
SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
DISPLAY_P3 = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A smooth picture without any symmetry: red grows to the right, green to the bottom."""
    x = np.linspace(0, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None]
    blue = 0.5 + 0.4 * np.sin(3 * x + 2 * y)
    planes = np.broadcast_arrays(0.1 + 0.8 * x, 0.1 + 0.8 * y, blue)
    return Image.fromarray((255 * np.dstack(planes)).astype(np.uint8))


def stored(orientation: int, width: int = 96, height: int = 64) -> Image.Image:
    """The scene as a camera stores it that was held so."""
    turn = TURNS[orientation]
    return scene(width, height) if turn is None else scene(width, height).transpose(turn)


def exif(orientation: int = 1, **tags: object) -> Image.Exif:
    """An EXIF block with an orientation and a camera."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Testmaker"
    return block


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """An image as a file's bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def icc_profile(colorants: np.ndarray, gamma: float = 2.2) -> bytes:
    """An ICC profile (version 2.1, matrix and gamma) of these colorants. Source: ICC.1:2001-04."""

    def xyz(values: np.ndarray) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    curve = struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256)) + b"\0\0"
    text = b"Test profile\0"
    white = np.array([0.9642, 1.0, 0.8249])
    parts = {
        b"desc": struct.pack(">4sII", b"desc", 0, len(text)) + text + b"\0" * 79,
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": xyz(white),
        **{name: xyz(colorants[:, i]) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    return _profile(b"RGB ", parts, white)


def gray_profile(gamma: float) -> bytes:
    """An ICC profile for greyscale with this gamma."""
    white = np.array([0.9642, 1.0, 0.8249])
    curve = struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256)) + b"\0\0"
    point = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in white))
    return _profile(b"GRAY", {b"wtpt": point, b"kTRC": curve}, white)


def _profile(space: bytes, parts: dict[bytes, bytes], white: np.ndarray) -> bytes:
    offset = 128 + 4 + 12 * len(parts)
    table, body = struct.pack(">I", len(parts)), b""
    for name, part in parts.items():
        part += b"\0" * (-len(part) % 4)
        table += struct.pack(">4sII", name, offset + len(body), len(part))
        body += part
    head = struct.pack(">I4sI4s4s4s", 0, b"\0" * 4, 0x02100000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += struct.pack(">3i", *(round(v * 65536) for v in white))
    profile = head.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def through(colorants: np.ndarray, gamma: float, pixels: np.ndarray) -> np.ndarray:
    """What pixels under `icc_profile` are in sRGB, computed from the definitions."""
    linear = (pixels / 255.0) ** gamma
    srgb = linear @ (np.linalg.inv(SRGB) @ colorants).T
    srgb = srgb.clip(0, 1)
    encoded = np.where(srgb <= 0.0031308, 12.92 * srgb, 1.055 * srgb ** (1 / 2.4) - 0.055)
    return 255 * encoded


def difference(a: object, b: object) -> float:
    """The largest difference of two images of one shape, in levels of 255."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    assert first.shape == second.shape, f"{first.shape} is not {second.shape}"
    return float(np.abs(first - second).max())
