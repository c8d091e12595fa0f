from __future__ import annotations

import io

import numpy as np
import pytest
from made_photos import scene
from PIL import Image

from whereshot.photo.perceptual import MAX_DISTANCE, PhotoHash, hash_pixels


def test_the_mirrored_hash_is_the_hash_of_the_mirrored_pixels():
    pixels = np.asarray(scene(7))
    there, back = hash_pixels(pixels), hash_pixels(np.ascontiguousarray(pixels[:, ::-1]))
    assert there is not None
    assert back is not None
    assert (there.upright ^ back.mirrored).bit_count() <= 4
    assert there.distance(back) <= 4
    assert (there.upright ^ back.upright).bit_count() > MAX_DISTANCE


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_surface_has_no_hash(level):
    assert hash_pixels(np.full((48, 64, 3), level, np.uint8)) is None


def test_a_distance_counts_the_bits_of_the_better_orientation():
    one = PhotoHash(0b1111, 0b0000)
    assert one.distance(PhotoHash(0b1110, 0)) == 1
    assert one.distance(PhotoHash(0b0001, 0)) == 1, "as the mirror image it is nearer"
    assert one.distance(one) == 0


def test_copies_of_real_photos_are_as_near_as_documented(photos):
    paths = sorted((photos / "world" / "test").glob("*/*.jpg"))[::18]
    close, cropped = [], []
    for path in paths:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        width, height = picture.size
        original = hash_pixels(np.asarray(picture))
        assert original is not None
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=10)
        with Image.open(buffer) as hard:
            edits = [hard.convert("RGB")]
        edits += [
            picture.resize((width // 4, height // 4)),
            picture.resize((224, 224)),
            picture.convert("L").convert("RGB"),
        ]
        close += [original.distance(hash_pixels(np.asarray(edit))) for edit in edits]
        box = (width * 0.02, height * 0.02, width * 0.98, height * 0.98)
        cropped.append(original.distance(hash_pixels(np.asarray(picture.crop(box)))))
    assert len(cropped) >= 60
    assert max(close) < 24
    assert np.mean(np.array(cropped) <= MAX_DISTANCE) >= 0.95
