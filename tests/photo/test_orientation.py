"""All eight orientations of every format that has them come out upright."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pictures import HEIC, difference, encode, exif, scene, stored
from PIL import Image, ImageOps

from whereshot.photo import decode, decode_sized, read_exif

ORIENTATIONS = range(1, 9)


def file_of(kind: str, orientation: int) -> bytes:
    if kind == "HEIC":
        return (HEIC / f"orientation_{orientation}.heic").read_bytes()
    options = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF") else {}
    return encode(stored(orientation), kind, exif=exif(orientation), **options)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_photos_come_out_upright(kind: str, orientation: int) -> None:
    data = file_of(kind, orientation)
    assert difference(decode(data), scene()) <= 9
    if kind != "AVIF":  # whose encoder moves it into the container
        assert read_exif(data).orientation == orientation


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_is_what_pillow_makes_of_it(orientation: int) -> None:
    data = encode(scene(), "PNG", exif=exif(orientation))
    with Image.open(io.BytesIO(data)) as image:
        assert difference(decode(data), ImageOps.exif_transpose(image)) == 0


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_reduced_photos_come_out_upright_too(kind: str, orientation: int) -> None:
    data = encode(stored(orientation, 480, 320), kind, exif=exif(orientation))
    pixels = decode(data, min_side=80)
    assert pixels.shape == (80, 120, 3)
    assert difference(pixels, scene(480, 320).reduce(4)) <= 9


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_the_size_is_of_the_upright_photo_before_it_was_reduced(
    kind: str, orientation: int
) -> None:
    full = decode(file_of(kind, orientation))
    decoded = decode_sized(file_of(kind, orientation), min_side=max(8, min(full.shape[:2]) // 4))
    assert decoded.pixels.shape[0] < full.shape[0] // 2
    assert (decoded.height, decoded.width) == full.shape[:2]
    assert full.shape[0] != full.shape[1]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_cmyk_and_greyscale_jpegs_come_out_upright(orientation: int) -> None:
    for mode in ("CMYK", "L"):
        data = encode(stored(orientation).convert(mode), "JPEG", quality=95, exif=exif(orientation))
        expected = scene().convert(mode).convert("RGB")
        assert difference(decode(data), expected) <= 9


@pytest.mark.parametrize("compression", [None, "tiff_deflate", "tiff_lzw", "jpeg"])
def test_compressed_tiffs_are_turned_once(compression: str | None) -> None:
    data = encode(stored(6), "TIFF", compression=compression, exif=exif(6))
    assert difference(decode(data), scene()) <= 9


@pytest.mark.parametrize("wrong", [0, 9, 65535])
def test_an_impossible_orientation_turns_nothing(wrong: int) -> None:
    data = encode(scene(), "PNG", exif=exif(wrong))
    assert np.array_equal(decode(data), scene())
    assert read_exif(data).orientation == 1


def test_exif_that_contradicts_the_container_of_a_heic_does_not_turn_it() -> None:
    data = (HEIC / "orientation_1.heic").read_bytes()
    at = data.index(b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01")  # orientation, one short: 1
    turned = data[: at + 9] + b"\x06" + data[at + 10 :]
    assert read_exif(turned).orientation == 6
    assert difference(decode(turned), scene()) <= 9
