from __future__ import annotations

import io

import numpy as np
import pytest
from costs import cpu_seconds
from made_photos import saved, scene
from PIL import Image, ImageOps

from whereshot.learn.duplicates import group_hashes, group_near_duplicates, hash_photos
from whereshot.photo.perceptual import MAX_DISTANCE, PhotoHash


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: picture.resize((80, 60)),
        lambda picture: picture.resize((224, 224)),
        lambda picture: picture.resize((1200, 900)),
        lambda picture: picture.convert("L").convert("RGB"),
        lambda picture: picture.point(lambda level: min(255, int(level * 1.2))),
        lambda picture: picture.crop((3, 3, 317, 237)),
        ImageOps.mirror,
        lambda picture: ImageOps.mirror(picture).resize((150, 100)),
    ],
    ids=["small", "square", "large", "grey", "brighter", "cropped", "mirrored", "mirrored_small"],
)
def test_an_edited_copy_shares_the_group_and_another_photo_does_not(tmp_path, edit):
    original = scene(1)
    paths = [
        saved(original, tmp_path / "original.png"),
        saved(scene(2), tmp_path / "another.png"),
        saved(edit(original), tmp_path / "copy.jpg", quality=60),
    ]
    assert group_near_duplicates(paths) == [0, 1, 0]


def test_hard_jpeg_compression_keeps_the_group(tmp_path):
    paths = [
        saved(scene(3), tmp_path / "a.jpg", quality=95),
        saved(scene(3), tmp_path / "b.jpg", quality=10),
    ]
    assert group_near_duplicates(paths) == [0, 0]


def test_a_photo_upside_down_is_another_photo(tmp_path):
    paths = [
        saved(scene(3), tmp_path / "a.png"),
        saved(scene(3).rotate(180), tmp_path / "b.png"),
    ]
    assert group_near_duplicates(paths) == [0, 1]


def test_unreadable_photos_and_plain_surfaces_have_groups_of_their_own(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    paths = [
        broken,
        tmp_path / "missing.jpg",
        saved(Image.new("RGB", (64, 64), "black"), tmp_path / "black.png"),
        saved(Image.new("RGB", (64, 64), "white"), tmp_path / "white.png"),
        saved(Image.new("RGB", (64, 64), "white"), tmp_path / "white_too.png"),
        broken,
    ]
    assert group_near_duplicates(paths) == [0, 1, 2, 3, 4, 5]
    assert hash_photos(paths) == [None] * 6


def test_sixty_scenes_are_sixty_groups(tmp_path):
    paths = [saved(scene(seed), tmp_path / f"{seed}.png") for seed in range(60)]
    assert group_near_duplicates(paths) == list(range(60))


def test_no_photos_are_no_groups():
    assert group_near_duplicates([]) == []


def test_progress_is_told_once_a_photo(tmp_path):
    told = []
    paths = [saved(scene(1), tmp_path / "a.png"), tmp_path / "missing.jpg"]
    group_near_duplicates(paths, on_photo=lambda: told.append(1))
    assert len(told) == 2


def random_hashes(count: int, seed: int = 0) -> list[PhotoHash]:
    rng = np.random.default_rng(seed)
    values = [int.from_bytes(rng.bytes(32), "big") >> 1 for _ in range(2 * count)]
    return [PhotoHash(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]


def flipped(value: int, bits: int, rng: np.random.Generator) -> int:
    for bit in rng.choice(255, bits, replace=False).tolist():
        value ^= 1 << bit
    return value


def test_groups_agree_with_a_plain_comparison_of_all_pairs_across_blocks(monkeypatch):
    monkeypatch.setattr("whereshot.learn.duplicates.BLOCK", 16)
    rng = np.random.default_rng(5)
    hashes = random_hashes(60)
    for index in rng.choice(60, 30, replace=False).tolist():
        away = int(rng.integers(MAX_DISTANCE - 3, MAX_DISTANCE + 4))
        near, far = (
            flipped(hashes[index].upright, away, rng),
            flipped(hashes[index].mirrored, away, rng),
        )
        hashes.append(PhotoHash(near, far) if rng.random() < 0.5 else PhotoHash(far, near))
    order = rng.permutation(len(hashes)).tolist()
    hashes = [hashes[index] for index in order]

    expected = list(range(len(hashes)))
    for a in range(len(hashes)):
        for b in range(a + 1, len(hashes)):
            if hashes[a].distance(hashes[b]) <= MAX_DISTANCE and expected[a] != expected[b]:
                low, high = sorted((expected[a], expected[b]))
                expected = [low if number == high else number for number in expected]
    numbers = {number: index for index, number in enumerate(dict.fromkeys(expected))}
    assert group_hashes(hashes) == [numbers[number] for number in expected]
    assert len(numbers) < 85, "the test must see merges"
    assert len(numbers) > 62, "the test must see near misses"


def test_the_limit_is_inclusive():
    rng = np.random.default_rng(1)
    (first, other) = random_hashes(2)
    for bits, groups in ((MAX_DISTANCE, [0, 0]), (MAX_DISTANCE + 1, [0, 1])):
        second = PhotoHash(flipped(first.upright, bits, rng), other.mirrored)
        assert group_hashes([first, second]) == groups


def test_a_chain_of_near_duplicates_is_one_group():
    rng = np.random.default_rng(2)
    first, *others = random_hashes(3)
    middle = PhotoHash(flipped(first.upright, 40, rng), others[0].mirrored)
    last = PhotoHash(flipped(middle.upright, 40, rng), others[1].mirrored)
    assert first.distance(last) > MAX_DISTANCE
    assert group_hashes([last, None, first, middle]) == [0, 1, 0, 0]


def test_thousands_of_equal_photos_are_joined_at_once():
    (photo_hash,) = random_hashes(1)
    with cpu_seconds(10):
        assert set(group_hashes([photo_hash] * 50_000)) == {0}


@pytest.mark.parametrize("wrong", [-1, 256])
def test_a_distance_outside_the_hash_is_refused(wrong):
    with pytest.raises(ValueError, match=r"max_distance must be in \[0, 255\] bits"):
        group_hashes([], max_distance=wrong)


def test_real_photos_re_encoded_share_groups_and_the_samples_do_not(samples, tmp_path):
    originals = sorted(samples.glob("*.jpg"))
    copies = []
    for path in originals:
        with Image.open(path) as picture:
            buffer = io.BytesIO()
            picture.convert("RGB").resize((picture.width // 3, picture.height // 3)).save(
                buffer, "WEBP", quality=40
            )
        copies.append(tmp_path / f"{path.stem}.webp")
        copies[-1].write_bytes(buffer.getvalue())
    assert group_near_duplicates([*originals, *copies]) == [0, 1, 0, 1]


def test_real_photos_hold_few_groups_and_none_across_landmarks(photos):
    folders = sorted((photos / "world" / "test").iterdir())[:12]
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    groups = group_near_duplicates(paths)
    landmarks: dict[int, set[str]] = {}
    for path, group in zip(paths, groups, strict=True):
        landmarks.setdefault(group, set()).add(path.parent.name)
    assert all(len(names) == 1 for names in landmarks.values())
    assert len(landmarks) >= 0.97 * len(paths)
