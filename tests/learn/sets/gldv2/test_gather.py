"""Where a photo is: expected in one shard, found in another, or in none."""

from __future__ import annotations

import pytest
from landmarks_mirror import shard_path

from whereshot.learn.sets.gldv2.gather import _where_next
from whereshot.learn.sets.gldv2.published import Published


def test_photos_at_a_border_are_looked_for_in_the_neighbour(bring, mirror, photos_in):
    published = Published(shards=mirror.shards)
    moved = [
        photo
        for photo in mirror.clean
        if published.expected_shard(int(photo, 16)) != mirror.shard_of(photo)
    ]
    assert moved, "the test needs photos that are not where their ids say"
    assert bring(min_photos=1).absent == 0
    assert set(photos_in()) == mirror.clean


def test_a_photo_in_no_shard_is_counted_and_the_rest_comes(bring, mirror, site, photos_in):
    gone = sorted(mirror.clean)[len(mirror.clean) // 2]
    number = mirror.shard_of(gone)
    tables = mirror.tables()
    content = mirror.photos.pop(gone)
    mirror.put_shard(site.files, number, mirror.shard(number))
    mirror.photos[gone] = content
    site.files |= {f"/metadata/{name}": rows for name, rows in tables.items()}
    assert bring(min_photos=1).absent == 1
    assert set(photos_in()) == mirror.clean - {gone}


def test_shards_in_another_order_need_all_of_them(bring, mirror, site, photos_in):
    sound = [site.files[shard_path(number)] for number in range(mirror.shards)]
    for number, content in enumerate(reversed(sound)):
        mirror.put_shard(site.files, number, content)
    assert bring(min_photos=1, all_shards=True).absent == 0
    assert set(photos_in()) == mirror.clean


def test_a_limit_of_shards_takes_the_fullest_and_no_neighbour(bring, mirror, site, photos_in):
    fetched = bring(min_photos=1, max_shards=2)
    assert len({path for path in site.asked() if path.startswith("/train/")}) == 2
    assert fetched.shards == 2
    assert 0 < len(photos_in()) == fetched.photos < len(mirror.clean)


@pytest.mark.parametrize(
    ("photo", "shard", "ranges", "expected"),
    [
        (50, 5, {}, 5),
        (50, 5, {5: (51, 59)}, 4),
        (60, 5, {5: (50, 59)}, 6),
        (55, 5, {5: (50, 59)}, None),
        (50, 5, {5: (51, 59), 4: (40, 49)}, None),
        (45, 5, {5: (51, 59), 4: (46, 49)}, 3),
        (0, 0, {0: (1, 9)}, -1),
    ],
    ids=["expected", "before", "behind", "not_there", "between", "two_before", "before_the_first"],
)
def test_the_range_of_a_shard_tells_where_to_look_next(photo, shard, ranges, expected):
    assert _where_next(photo, shard, ranges) == expected
