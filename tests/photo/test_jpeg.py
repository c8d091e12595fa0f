"""JPEGs: reduced decoding, truncation, and the kinds that are rare."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from costs import cpu_seconds
from pictures import difference, encode, exif, scene
from PIL import Image

from whereshot.errors import DamagedPhotoError, PhotoTooLargeError, UnsupportedPhotoError
from whereshot.photo import decode
from whereshot.photo.jpeg import read_jpeg_header, without_metadata

SCENE = encode(scene(320, 240), "JPEG", quality=95)


def with_frame(data: bytes, **fields: int) -> bytes:
    """A JPEG whose frame header (SOF0) claims other things."""
    at = data.index(b"\xff\xc0")
    frame = bytearray(data[at : at + 19])
    places = {"marker": (1, 1), "precision": (4, 1), "height": (5, 2), "width": (7, 2)}
    for name, value in fields.items():
        start, size = places[name]
        frame[start : start + size] = value.to_bytes(size, "big")
    return data[:at] + bytes(frame) + data[at + 19 :]


def flat_jpeg(width: int, height: int, factors: int, color: tuple[int, int, int]) -> bytes:
    """A JPEG of one colour (Y, Cb, Cr) with any sampling factors of Y, written bit by bit."""

    def segment(marker: int, content: bytes) -> bytes:
        return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content

    across, down = factors >> 4, factors & 15
    units = math.ceil(width / (8 * across)) * math.ceil(height / (8 * down))
    bits = ""
    for unit in range(units):
        for component, blocks in enumerate((across * down, 1, 1)):
            for block in range(blocks):
                level = color[component] - 128
                if unit == block == 0 and level > 0:
                    bits += "01" + f"{level:07b}"[-7:].rjust(7, "0")  # a difference of 64 to 127
                else:
                    bits += "00"  # no difference
                bits += "0"  # and no detail
    bits += "1" * (-len(bits) % 8)
    scan = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    dc, ac = bytes((0, 0, 2, *[0] * 14, 0, 7)), bytes((0x10, 1, *[0] * 15, 0))
    frame = bytes((8,)) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\3"
    frame += bytes((1, factors, 0, 2, 0x11, 0, 3, 0x11, 0))
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, b"\0" + b"\x08" * 64),
            segment(0xC0, frame),
            segment(0xC4, dc),
            segment(0xC4, ac),
            segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))),
            scan.replace(b"\xff", b"\xff\0"),
            b"\xff\xd9",
        )
    )


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1024, 766), (511, 260), (1, 5000)])
@pytest.mark.parametrize("min_side", [1, 64, 224, 260, 500])
def test_the_smallest_scale_that_is_large_enough_is_taken(
    size: tuple[int, int], min_side: int
) -> None:
    data = encode(Image.new("RGB", size), "JPEG")
    wanted = min(min_side, *size)
    scale = next(k for k in range(1, 9) if math.ceil(min(size) * k / 8) >= wanted)
    if min(size) <= min_side:
        scale = 8
    expected = (math.ceil(size[1] * scale / 8), math.ceil(size[0] * scale / 8), 3)
    assert decode(data, min_side=min_side).shape == expected


@pytest.mark.parametrize("name", ["great_wall_of_china.jpg", "machu_picchu.jpg"])
@pytest.mark.parametrize(("scale", "method"), [(1, "BOX"), (2, "BOX"), (3, "LANCZOS"), (4, "BOX")])
def test_a_reduced_decode_agrees_with_a_full_one(
    samples: Path, name: str, scale: int, method: str
) -> None:
    with Image.open(samples / name) as photo:
        data = encode(photo.crop((0, 0, 1024, 512)), "JPEG", quality=95)
    small = decode(data, min_side=64 * scale)
    assert small.shape == (64 * scale, 128 * scale, 3)
    full = Image.fromarray(decode(data))
    reference = full.resize((128 * scale, 64 * scale), Image.Resampling[method])
    off = np.abs(small - np.asarray(reference, dtype=float))
    assert off.mean() <= 2
    assert np.percentile(off, 99) <= 16


def test_cmyk_is_reduced_too() -> None:
    data = encode(scene(640, 480).convert("CMYK"), "JPEG", quality=95)
    pixels = decode(data, min_side=60)
    assert pixels.shape == (60, 80, 3)
    assert difference(pixels, scene(640, 480).reduce(8)) <= 9


@pytest.mark.parametrize("kept", [0.999, 0.9, 0.5, 0.2])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_truncated_jpeg_is_damaged(kept: float, options: dict[str, bool]) -> None:
    data = encode(scene(320, 240), "JPEG", **options)
    with pytest.raises(DamagedPhotoError, match="truncated"):
        decode(data[: int(len(data) * kept)])


def test_a_truncated_jpeg_with_a_thumbnail_is_damaged() -> None:
    # The thumbnail's end in EXIF must not pass for the photo's own.
    block = b"Exif\0\0" + encode(scene(16, 16), "JPEG")
    data = encode(scene(320, 240), "JPEG", exif=block)
    with pytest.raises(DamagedPhotoError, match="truncated"):
        decode(data[: len(data) // 2])


def test_a_jpeg_cut_in_its_header_is_damaged() -> None:
    for end in (3, 4, 20, 200, SCENE.index(b"\xff\xda") + 5):
        with pytest.raises(DamagedPhotoError):
            decode(SCENE[:end])


def test_what_follows_the_end_does_not_matter() -> None:
    whole = decode(SCENE)
    for tail in (b"\0" * 99, b"MotionPhoto_Data" + bytes(500), encode(scene(), "JPEG")):
        assert np.array_equal(decode(SCENE + tail), whole)


def test_wrong_bytes_in_the_middle_are_decoded_as_viewers_do() -> None:
    at = SCENE.index(b"\xff\xda") + 2000
    data = SCENE[:at] + b"\x12\x34\x56" + SCENE[at + 3 :]
    pixels = decode(data)
    assert pixels.shape == (240, 320, 3)
    assert difference(pixels[:16], decode(SCENE)[:16]) == 0  # what comes before is right
    with Image.open(io.BytesIO(data)) as image:
        assert difference(pixels, image) <= 2


def test_garbage_between_segments_is_skipped() -> None:
    at = SCENE.index(b"\xff\xdb")
    data = SCENE[:at] + b"\0\0\0garbage" + SCENE[at:]
    assert np.array_equal(decode(data), decode(SCENE))


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    at = SCENE.index(b"\xff\xdb")
    assert np.array_equal(decode(SCENE[:at] + b"\xff\xff" + SCENE[at:]), decode(SCENE))


@pytest.mark.parametrize("factors", [0x42, 0x14, 0x22, 0x11])
def test_sampling_factors_without_a_name_are_decoded(factors: int) -> None:
    data = flat_jpeg(200, 120, factors, (228, 128, 200))
    expected = Image.new("YCbCr", (200, 120), (228, 128, 200)).convert("RGB")
    assert difference(decode(data), expected) <= 2
    small = decode(data, min_side=30)
    assert small.shape == (30, 50, 3)
    assert difference(small, expected.resize((50, 30))) <= 2


@pytest.mark.parametrize(
    "fields",
    [{"precision": 12}, {"marker": 0xC3}, {"marker": 0xC6}],
    ids=["12 bits", "lossless", "h"],
)
def test_kinds_that_nothing_decodes_are_unsupported(fields: dict[str, int]) -> None:
    with pytest.raises(UnsupportedPhotoError, match="Export it as a plain JPEG"):
        decode(with_frame(SCENE, **fields))


def test_a_jpeg_without_height_is_damaged() -> None:
    with pytest.raises(DamagedPhotoError, match="320 x 0 pixels"):
        decode(with_frame(SCENE, height=0))


def test_a_jpeg_beyond_the_limit_is_too_large() -> None:
    with pytest.raises(PhotoTooLargeError, match="65,000 x 65,000 pixels"):
        decode(with_frame(SCENE, width=65000, height=65000), min_side=260)


def test_more_pixels_than_bytes_can_hold_are_damage_and_cost_nothing() -> None:
    with cpu_seconds(5), pytest.raises(DamagedPhotoError):
        decode(with_frame(SCENE, width=13000, height=15000))


def test_thousands_of_scans_are_refused_at_once() -> None:
    data = encode(scene(320, 240), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with cpu_seconds(5), pytest.raises(DamagedPhotoError, match="too many scans"):
        decode(data[:-2] + data[last:-2] * 5000 + data[-2:])


def test_the_header_tells_what_the_file_holds() -> None:
    data = encode(scene(), "JPEG", exif=exif(6), icc_profile=b"profile", comment=b"hello")
    header = read_jpeg_header(io.BytesIO(data))
    assert (header.width, header.height, header.components) == (96, 64, 3)
    assert (header.precision, header.frame) == (8, 0)
    assert header.icc == b"profile"
    assert header.exif is not None
    assert header.exif.startswith(b"MM\0*")
    assert data[header.scan_offset - 2 : header.scan_offset] == b"\xff\xda"


def test_without_metadata_the_stored_pixels_stay() -> None:
    data = encode(scene(), "JPEG", exif=exif(6), icc_profile=b"profile", comment=b"hello")
    bare = without_metadata(data, read_jpeg_header(io.BytesIO(data)))
    assert bare == encode(scene(), "JPEG")
