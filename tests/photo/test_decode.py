"""Every format and every kind of pixels comes out as (H, W, 3) uint8 in the right colours."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import HEIC, difference, encode, scene
from PIL import Image

from whereshot.photo import decode

LOSSLESS = {
    "png": lambda image: encode(image, "PNG"),
    "webp": lambda image: encode(image, "WEBP", lossless=True),
    "bmp": lambda image: encode(image, "BMP"),
    "tiff": lambda image: encode(image, "TIFF"),
    "tiff deflate": lambda image: encode(image, "TIFF", compression="tiff_adobe_deflate"),
    "tiff lzw": lambda image: encode(image, "TIFF", compression="tiff_lzw"),
    "tiff packbits": lambda image: encode(image, "TIFF", compression="packbits"),
}
LOSSY = {
    "jpeg": lambda image: encode(image, "JPEG", quality=95),
    "progressive jpeg": lambda image: encode(image, "JPEG", quality=95, progressive=True),
    "jpeg 4:4:4": lambda image: encode(image, "JPEG", quality=95, subsampling=0),
    "webp": lambda image: encode(image, "WEBP", quality=95),
    "avif": lambda image: encode(image, "AVIF", quality=90),
    "tiff jpeg": lambda image: encode(image, "TIFF", compression="jpeg", quality=95),
    "heic": lambda image: (HEIC / "orientation_1.heic").read_bytes(),
    "heic of 10 bits": lambda image: (HEIC / "ten_bits.heic").read_bytes(),
}


def ramp(top: int) -> np.ndarray:
    """Grey values from 0 to `top`, 64 rows of 96."""
    return np.broadcast_to(np.linspace(0, top, 96), (64, 96))


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_decode_to_the_pixels_that_were_written(name: str) -> None:
    pixels = decode(LOSSLESS[name](scene()))
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable
    assert difference(pixels, scene()) == 0


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_decode_to_nearly_the_pixels_that_were_written(name: str) -> None:
    pixels = decode(LOSSY[name](scene()))
    assert difference(pixels, scene()) <= 9


@pytest.mark.parametrize("name", ["great_wall_of_china.jpg", "machu_picchu.jpg"])
def test_real_photos_decode_as_pillow_decodes_them(samples: Path, name: str) -> None:
    with Image.open(samples / name) as image:
        assert difference(decode(samples / name), image.convert("RGB")) <= 2


def test_a_path_a_string_and_bytes_give_the_same_pixels(samples: Path) -> None:
    path = samples / "machu_picchu.jpg"
    assert np.array_equal(decode(path), decode(str(path)))
    assert np.array_equal(decode(path), decode(path.read_bytes()))


def test_content_counts_and_the_file_name_does_not(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(encode(scene(), "PNG"))
    assert difference(decode(tmp_path / "photo.jpg"), scene()) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"])
def test_greyscale_becomes_three_equal_channels(kind: str) -> None:
    gray = scene().convert("L")
    pixels = decode(encode(gray, kind))
    assert pixels.shape == (64, 96, 3)
    assert difference(pixels[..., 0], gray) <= 6
    assert np.abs(np.ptp(pixels.astype(int), axis=2)).max() <= 2


def test_greyscale_heic_becomes_three_equal_channels() -> None:
    pixels = decode(HEIC / "gray.heic")
    assert difference(pixels, np.dstack([np.asarray(scene().convert("L"))] * 3)) <= 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_greyscale_is_scaled_not_clipped(kind: str, order: str) -> None:
    deep = ramp(65535).astype(order)
    pixels = decode(encode(Image.fromarray(deep), kind))
    assert difference(pixels, np.dstack([ramp(255)] * 3)) <= 1


def test_12_bit_greyscale_is_scaled_by_its_own_white() -> None:
    # Pillow writes no 12 bits: pack two values into three bytes, as TIFF 6.0 says.
    values = ramp(4095).round().astype(np.uint16)
    first, second = values[:, ::2], values[:, 1::2]
    packed = np.dstack([first >> 4, (first & 15) << 4 | second >> 8, second & 255])
    sample = encode(Image.fromarray(values.astype(np.uint8)), "TIFF")
    tags = {256: 96, 257: 64, 258: 12, 259: 1, 262: 1, 273: 200, 277: 1, 278: 64, 279: 9216}
    records = b"".join(
        tag.to_bytes(2, "little") + b"\4\0" + b"\1\0\0\0" + value.to_bytes(4, "little")
        for tag, value in tags.items()
    )
    head = sample[:4] + b"\x08\0\0\0" + len(tags).to_bytes(2, "little") + records
    data = head.ljust(200, b"\0") + packed.astype(np.uint8).tobytes()
    assert difference(decode(data), np.dstack([ramp(255)] * 3)) <= 1


def test_16_bit_colour_is_scaled_not_clipped() -> None:
    # Pillow writes no 16-bit colour: a PNG made by hand, without filters.
    import struct
    import zlib

    deep = np.asarray(scene()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep.astype(">u2"))

    def chunk(name: bytes, content: bytes) -> bytes:
        end = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + end

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 96, 64, 16, 2, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert difference(decode(data), scene()) == 0


@pytest.mark.parametrize(
    ("mode", "top"), [("F", 1.0), ("F", 255.0), ("I", 255), ("I", 65535), ("I", 2**31 - 1)]
)
def test_numbers_of_unknown_range_are_scaled_by_what_covers_them(mode: str, top: float) -> None:
    values = ramp(1).astype(np.float64) * top
    image = Image.fromarray(values.astype(np.float32 if mode == "F" else np.int32))
    pixels = decode(encode(image, "TIFF"))
    brightest = 255 if top < 2**31 - 1 else 127  # 32-bit white is 2**32 - 1
    assert difference(pixels, np.dstack([ramp(brightest)] * 3)) <= 1


def test_numbers_that_are_not_numbers_become_black() -> None:
    values = ramp(1).astype(np.float32).copy()
    values[:, :10] = np.nan
    pixels = decode(encode(Image.fromarray(values), "TIFF"))
    assert pixels[:, :10].max() == 0
    assert pixels[:, -1].min() == 255


def test_white_is_zero_16_bit_tiff_is_inverted() -> None:
    deep = Image.fromarray(ramp(65535).astype("<u2"))
    data = encode(deep, "TIFF", tiffinfo={262: 0})
    assert difference(decode(data), 255 - np.dstack([ramp(255)] * 3)) <= 1


def test_transparent_pixels_lie_on_white() -> None:
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    white = Image.new("RGBA", image.size, "white")
    expected = Image.alpha_composite(white, image).convert("RGB")
    for data in (
        encode(image, "PNG"),
        encode(image, "TIFF"),
        encode(image, "WEBP", lossless=True, exact=True),
    ):
        assert difference(decode(data), expected) <= 1
    for data in (encode(image, "AVIF", quality=90), (HEIC / "transparent.heic").read_bytes()):
        assert difference(decode(data), expected) <= 9


def test_transparent_greyscale_lies_on_white() -> None:
    image = Image.merge("LA", [Image.new("L", (8, 8), 0), Image.new("L", (8, 8), 0)])
    assert decode(encode(image, "PNG")).min() == 255


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_a_transparent_entry_lies_on_white(kind: str) -> None:
    palette = scene().quantize(16)
    hole = palette.getpixel((0, 0))
    pixels = decode(encode(palette, kind, transparency=hole))
    holes = np.asarray(palette) == hole
    assert pixels[holes].min() == 255
    assert difference(pixels[~holes], np.asarray(palette.convert("RGB"))[~holes]) == 0


def test_palette_with_alpha_lies_on_white() -> None:
    palette = scene().quantize(16)
    alphas = bytes(range(0, 256, 17))
    pixels = decode(encode(palette, "PNG", transparency=alphas))
    colors = np.asarray(palette.convert("RGB"), dtype=float)
    alpha = np.frombuffer(alphas, dtype=np.uint8)[np.asarray(palette)][..., None] / 255
    assert difference(pixels, colors * alpha + 255 * (1 - alpha)) <= 1.5


def test_one_transparent_colour_lies_on_white() -> None:
    image = Image.new("RGB", (8, 8), (10, 20, 30))
    image.putpixel((0, 0), (200, 0, 0))
    pixels = decode(encode(image, "PNG", transparency=(10, 20, 30)))
    assert pixels[0, 0].tolist() == [200, 0, 0]
    assert pixels[1, 1].tolist() == [255, 255, 255]


def test_black_and_white_becomes_black_and_white() -> None:
    image = scene().convert("1")
    for kind, options in (("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"})):
        pixels = decode(encode(image, kind, **options))
        assert difference(pixels, image.convert("RGB")) == 0


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_of_an_animation_counts(kind: str) -> None:
    first = Image.new("RGB", (32, 24), (200, 30, 30))
    others = [Image.new("RGB", (32, 24), color) for color in ("green", "blue")]
    data = encode(first, kind, save_all=True, append_images=others)
    assert difference(decode(data), first) <= 9


def test_a_reduced_decode_keeps_the_shorter_side_at_min_side_or_more() -> None:
    image = scene(900, 610)
    for kind in ("PNG", "WEBP", "TIFF", "BMP"):
        pixels = decode(encode(image, kind), min_side=150)
        assert pixels.shape == (153, 225, 3)  # a fourth, rounded up
        assert difference(pixels, image.reduce(4)) <= 6


@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    min_side=st.integers(1, 400),
    kind=st.sampled_from(["JPEG", "PNG"]),
)
@settings(deadline=None, max_examples=60)
def test_min_side_never_enlarges_and_never_goes_below(
    width: int, height: int, min_side: int, kind: str
) -> None:
    data = encode(scene(width, height), kind)
    rows, columns, channels = decode(data, min_side=min_side).shape
    assert channels == 3
    assert min(min_side, width, height) <= min(rows, columns)
    assert rows <= height
    assert columns <= width
    # Aspect is kept, up to the rounding of a side.
    assert abs(rows / height - columns / width) <= 1 / height + 1 / width


def test_min_side_must_be_positive(samples: Path) -> None:
    with pytest.raises(ValueError, match="min_side must be 1 pixel or more, got 0"):
        decode(samples / "machu_picchu.jpg", min_side=0)


def test_threads_decode_side_by_side_without_mixing_anything_up() -> None:
    sizes = [(50 + 3 * i, 40 + 2 * i) for i in range(12)]
    files = [encode(scene(*size), kind) for size in sizes for kind in ("PNG", "TIFF", "WEBP")]
    expected = [decode(data) for data in files]
    start = threading.Barrier(4)

    def work(turn: int) -> bool:
        start.wait()
        order = files[turn:] + files[:turn]
        found = [decode(data) for data in order]
        return all(map(np.array_equal, found, expected[turn:] + expected[:turn]))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
