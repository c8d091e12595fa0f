from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import DatasetError
from whereshot.learn.dataset import class_key
from whereshot.learn.sets.gldv2.choice import Chosen
from whereshot.learn.sets.gldv2.plan import make_plan, name_folders
from whereshot.learn.sets.gldv2.published import (
    PHOTO_BYTES,
    Published,
    parse_photo_id,
    photo_id,
    photo_in_shard,
)
from whereshot.learn.sets.gldv2.wanted import collect

PUBLISHED = Published()


def landmark(number, name="Name"):
    return Chosen(number, f"http://commons.wikimedia.org/wiki/Category:{name}", name)


def photos_at(*shards):
    """An id in the middle of each of these shards."""
    return [int((shard + 0.5) / 500 * 2**64) for shard in shards]


def test_a_plan_counts_landmarks_photos_shards_and_bytes():
    photos = [(1, photos_at(0, 7)), (2, photos_at(7.1, 499)), (3, photos_at(20))]
    plan = make_plan(PUBLISHED, [landmark(2), landmark(1)], collect(photos, [2, 1]))
    assert plan.shards == (0, 7, 499)
    assert (len(plan.wanted), plan.wanted.per_class(2)) == (4, [2, 2])
    assert (plan.download_bytes, plan.photo_bytes) == (3_000_000_000, 4 * PHOTO_BYTES)
    assert plan.path_of(0xABC, 1) == "train/1.Name_1/0000000000000abc.jpg"


def test_landmarks_with_too_few_photos_are_left_out():
    photos = [(1, photos_at(0)), (2, photos_at(7, 499)), (3, photos_at(20, 30, 40))]
    landmarks = [landmark(1, "A"), landmark(2, "B"), landmark(3, "C")]
    plan = make_plan(PUBLISHED, landmarks, collect(photos, [1, 2, 3]), min_photos=2)
    assert plan.folders == ("2.B", "3.C")
    assert plan.wanted.per_class(2) == [2, 3]
    assert plan.wanted.class_of(photos_at(30)[0]) == 1
    assert plan.wanted.class_of(photos_at(0)[0]) is None
    with pytest.raises(DatasetError, match=r"None of the 3 landmarks has 4 photos.*--min-photos"):
        make_plan(PUBLISHED, landmarks, collect(photos, [1, 2, 3]), min_photos=4)


def test_a_landmark_without_any_photo_is_left_out():
    plan = make_plan(PUBLISHED, [landmark(1), landmark(9)], collect([(1, photos_at(3))], [1, 9]))
    assert plan.folders == ("1.Name",)


def test_few_shards_are_those_with_the_most_photos():
    spread = [photo + extra for photo in photos_at(9, 3, 5) for extra in range(3)]
    photos = [(1, [*photos_at(1, 2), *spread[:6], *spread[6:8]])]
    plan = make_plan(PUBLISHED, [landmark(1)], collect(photos, [1]), max_shards=2)
    assert (plan.shards, len(plan.wanted), plan.limited) == ((3, 9), 6, True)


def test_every_shard_can_be_asked():
    plan = make_plan(PUBLISHED, [landmark(1)], collect([(1, photos_at(3))], [1]), all_shards=True)
    assert plan.shards == tuple(range(500))


def test_the_fingerprint_is_of_folders_and_photos():
    def plan(photos, name="A"):
        return make_plan(PUBLISHED, [landmark(1, name)], collect([(1, photos)], [1]))

    one = plan(photos_at(1, 2)).fingerprint()
    assert one == plan(photos_at(2, 1)).fingerprint()
    assert (
        len({one, plan(photos_at(1)).fingerprint(), plan(photos_at(1, 2), "B").fingerprint()}) == 3
    )


def test_a_photo_that_is_listed_twice_is_one():
    wanted = collect([(1, [5, 3]), (2, [5, 9]), (8, [7])], [2, 1])
    assert wanted.photos.tolist() == [3, 5, 9]
    assert [wanted.class_of(photo) for photo in (3, 5, 9, 7)] == [1, 1, 0, None]
    assert len(collect([], [1])) == 0


@given(st.integers(0, 2**64 - 1))
def test_an_id_survives_as_a_number_and_has_one_shard(photo):
    assert parse_photo_id(photo_id(photo)) == photo
    text = photo_id(photo)
    assert photo_in_shard(f"{text[0]}/{text[1]}/{text[2]}/{text}.jpg") == photo
    shard = PUBLISHED.expected_shard(photo)
    assert 0 <= shard < 500
    assert PUBLISHED.expected_shards(np.array([photo], np.uint64)).tolist() == [shard]


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_folders_are_portable_distinct_and_no_class_is_named_twice(names):
    folders = name_folders([landmark(number, name) for number, name in enumerate(names)])
    assert len(set(map(str.casefold, folders))) == len(folders)
    for folder in folders:
        assert folder.isprintable()
        assert not set(folder) & set('/\\:*?"<>|')
        assert folder[-1] not in ". "
        assert len(folder.encode("utf-8", "surrogateescape")) <= 255


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (("Petra", "Jerash"), ("0.Petra", "1.Jerash")),
        (("Petra", "petra"), ("0.Petra_0", "1.petra_1")),
        (("St-Mary", "St Mary", "X"), ("0.St-Mary_0", "1.St_Mary_1", "2.X")),
        (("..", "CON", "a/b\\c:d"), ("0.unnamed", "1.CON", "2.a_b_c_d")),
        (("宮" * 200,), ("0." + "宮" * 50,)),
    ],
)
def test_folders_say_number_and_name(names, folders):
    chosen = [landmark(number, name) for number, name in enumerate(names)]
    assert name_folders(chosen) == folders
    assert len({class_key(folder) for folder in folders}) == len(folders)


def test_what_is_wanted_stays_small_in_memory():
    rng = random.Random(1)
    wanted = collect([(1, [rng.getrandbits(64) for _ in range(10_000)])], [1])
    assert wanted.photos.nbytes + wanted.classes.nbytes == 120_000
