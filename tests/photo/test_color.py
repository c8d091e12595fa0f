"""Embedded profiles are converted to sRGB; bad ones are ignored; sRGB costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import (
    DISPLAY_P3,
    HEIC,
    SRGB,
    difference,
    encode,
    gray_profile,
    icc_profile,
    scene,
    through,
)
from PIL import Image, ImageCms

from whereshot.photo import color, decode

SWAPPED = SRGB[:, [1, 0, 2]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(("colorants", "gamma"), [(DISPLAY_P3, 2.2), (SRGB, 1.8), (SWAPPED, 2.2)])
def test_profiles_do_what_their_definition_says(
    kind: str, colorants: np.ndarray, gamma: float
) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(scene(), kind, icc_profile=icc_profile(colorants, gamma), **options)
    assert difference(decode(data), through(colorants, gamma, np.asarray(scene()))) <= 2.5


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_profiles_of_lossy_formats_are_converted(kind: str) -> None:
    plain = encode(scene(), kind, quality=95)
    data = encode(scene(), kind, quality=95, icc_profile=icc_profile(SWAPPED))
    expected = through(SWAPPED, 2.2, decode(plain))
    assert difference(decode(data), expected) <= 2.5
    assert difference(decode(data), decode(plain)) > 50


def test_the_profile_of_a_heic_is_converted() -> None:
    plain = decode(HEIC / "orientation_1.heic")  # the same pixels without a profile
    assert difference(decode(HEIC / "display_p3.heic"), through(DISPLAY_P3, 2.2, plain)) <= 2.5


def test_profiles_are_converted_after_reduction() -> None:
    profile = icc_profile(SWAPPED)
    data = encode(scene(640, 480), "JPEG", quality=95, icc_profile=profile)
    pixels = decode(data, min_side=60)
    assert pixels.shape == (60, 80, 3)
    expected = through(SWAPPED, 2.2, np.asarray(scene(640, 480).reduce(8)))
    assert difference(pixels, expected) <= 6


def test_a_profile_in_several_pieces_is_joined() -> None:
    profile = icc_profile(SWAPPED) + bytes(100_000)  # JPEG segments hold 64 KB
    data = encode(scene(), "JPEG", quality=95, icc_profile=profile)
    assert data.count(b"ICC_PROFILE\0") == 2
    assert difference(decode(data), decode(encode(scene(), "JPEG", quality=95))) > 50


def test_a_profile_with_a_missing_piece_is_ignored() -> None:
    profile = icc_profile(SWAPPED) + bytes(100_000)
    data = encode(scene(), "JPEG", icc_profile=profile)
    data = data.replace(b"ICC_PROFILE\0\x02", b"ICC_PROFILE\0\x03")
    assert np.array_equal(decode(data), decode(encode(scene(), "JPEG")))


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile at all",
        icc_profile(SWAPPED)[:200],
        b"\xff" * 500,
        gray_profile(1.0),  # for another colour model
        icc_profile(SWAPPED).replace(b"acsp", b"xxxx"),
    ],
    ids=["text", "truncated", "noise", "grey", "unsigned"],
)
def test_an_invalid_profile_is_ignored(profile: bytes) -> None:
    assert np.array_equal(decode(encode(scene(), "PNG", icc_profile=profile)), scene())


def test_srgb_by_any_name_leaves_pixels_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    official = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    used: list[object] = []
    apply = ImageCms.ImageCmsTransform.apply
    monkeypatch.setattr(
        ImageCms.ImageCmsTransform,
        "apply",
        lambda self, image: used.append(image.size) or apply(self, image),
    )
    color._from_profile.cache_clear()
    data = encode(scene(), "PNG", icc_profile=official)
    assert np.array_equal(decode(data), scene())
    assert np.array_equal(decode(data), scene())
    assert scene().size not in used  # only the probe went through it


def test_grey_profiles_are_converted() -> None:
    gray = scene().convert("L")
    for data in (
        encode(gray, "PNG", icc_profile=gray_profile(1.0)),
        encode(gray, "JPEG", quality=98, icc_profile=gray_profile(1.0)),
    ):
        linear = np.asarray(gray) / 255.0
        expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)  # sRGB's curve, above its foot
        assert difference(decode(data), np.dstack([expected] * 3)) <= 6


def test_cmyk_without_a_profile_is_converted_by_the_plain_formula() -> None:
    cmyk = scene().convert("CMYK")
    assert difference(decode(encode(cmyk, "TIFF")), scene()) <= 1
    assert difference(decode(encode(cmyk, "JPEG", quality=98)), scene()) <= 9


def test_lab_is_converted() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    image = ImageCms.profileToProfile(scene(), srgb, lab, outputMode="LAB")
    assert image is not None
    off = np.abs(decode(encode(image, "TIFF")).astype(float) - np.asarray(scene()))
    assert off.mean() <= 1  # 8 bits of Lab are coarse in the deep blues
    assert off.max() <= 20


def test_transparency_and_profile_go_together() -> None:
    image = scene().convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    pixels = decode(encode(image, "PNG", icc_profile=icc_profile(SWAPPED)))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    expected = through(SWAPPED, 2.2, np.asarray(scene()))
    assert difference(pixels[1:], expected[1:]) <= 2.5


def test_a_profile_of_a_palette_is_converted() -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([200, 40, 90])
    pixels = decode(encode(palette, "PNG", icc_profile=icc_profile(SWAPPED)))
    expected = through(SWAPPED, 2.2, np.array([200, 40, 90]))
    assert difference(pixels[0, 0], expected) <= 2.5
