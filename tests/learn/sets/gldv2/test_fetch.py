from __future__ import annotations

import csv
import shutil

import pytest
from landmarks_mirror import CATEGORY, LANDMARKS, md5_path, shard_path

from whereshot.errors import FetchError
from whereshot.learn.dataset import index_folder
from whereshot.learn.sets.gldv2.records import LANDMARK_COLUMNS

EIFFEL, WALL = 47378, 77124


@pytest.fixture
def eiffel(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("Eiffel Tower\n")
    return names


def test_every_photo_that_was_asked_for_is_in_its_class_folder(bring, mirror, tmp_path, photos_in):
    fetched = bring(min_photos=1)
    assert photos_in() == {photo: mirror.photos[photo] for photo in mirror.clean}
    assert (fetched.photos, fetched.absent, fetched.unattributed) == (len(mirror.clean), 0, 0)
    index = index_folder(tmp_path / "set", "train")
    assert sorted(index.classes) == [
        "199507.Pont_du_Gard",
        "31.Sparkassen-Arena,_Göttingen",
        "47378.Eiffel_Tower",
        "77124.Great_Wall_of_China",
        "8.AC_DC_Lane",
    ]
    for path, label in zip(index.paths, index.labels, strict=True):
        number = int(index.classes[label].partition(".")[0])
        assert mirror.landmark_of[path.stem] == number


def test_only_the_chosen_landmark_is_kept(bring, mirror, eiffel, photos_in):
    bring(names=eiffel)
    assert set(photos_in()) == mirror.of(EIFFEL)


def test_all_takes_the_photos_that_the_clean_table_leaves_out(bring, mirror, eiffel, photos_in):
    bring(names=eiffel, clean=False)
    assert set(photos_in()) == mirror.of(EIFFEL, clean=False)


def test_only_shards_that_may_hold_a_photo_are_asked_for(bring, mirror, site, eiffel, photos_in):
    wanted = {shard_path(mirror.shard_of(photo)) for photo in mirror.of(EIFFEL)}
    for photo in mirror.of(EIFFEL):
        if mirror.shard_of(photo) in (0, 1, 2):
            mirror.clean.remove(photo)
    site.files = mirror.files()
    bring(names=eiffel)
    assert set(photos_in()) == mirror.of(EIFFEL)
    asked = {path for path in site.asked() if path.startswith("/train/")}
    assert asked < wanted
    assert not asked & {shard_path(0), shard_path(1)}


def test_each_shard_comes_once_and_in_order(bring, site):
    bring(min_photos=1)
    asked = [path for path in site.asked() if path.startswith("/train/")]
    assert asked == sorted(set(asked))


def test_the_attribution_is_as_published_with_the_path_before(bring, mirror, tmp_path, eiffel):
    bring(names=eiffel)
    with (tmp_path / "set/attribution.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["photo", "id", "url", "author", "license", "title"]
    assert sorted(rows) == sorted(
        [f"train/47378.Eiffel_Tower/{photo}.jpg", *mirror.attribution(photo)]
        for photo in mirror.of(EIFFEL)
    )
    for row in rows:
        assert (tmp_path / "set" / row[0]).is_file()


def test_the_attribution_is_there_before_the_first_photo(bring, site, tmp_path, mirror):
    for number in range(mirror.shards):
        del site.files[shard_path(number)]
    with pytest.raises(FetchError, match="answered 404"):
        bring(min_photos=1)
    lines = (tmp_path / "set/attribution.csv").read_text(encoding="utf-8")
    assert lines.count("upload.wikimedia") == len(mirror.clean)


def test_a_photo_without_a_row_of_attribution_is_counted(bring, site, mirror, eiffel):
    rows = site.files["/metadata/train_attribution.csv"]
    gone = min(mirror.of(EIFFEL))
    site.files["/metadata/train_attribution.csv"] = rows.replace(f"\n{gone},".encode(), b"\n0,")
    assert bring(names=eiffel).unattributed == 1


def test_the_table_of_landmarks_says_what_each_class_is(bring, tmp_path, mirror):
    bring(top=5)
    with (tmp_path / "set/landmarks.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == LANDMARK_COLUMNS
    by_number = {int(row[0]): row[1:] for row in rows}
    assert set(by_number) == set(LANDMARKS)
    assert by_number[WALL] == [
        "77124.Great_Wall_of_China",
        "Great Wall of China",
        "Q12501",
        str(len(mirror.of(WALL))),
        CATEGORY + "Great_Wall_of_China",
        "tower",
        "architectural structure",
        "human-made",
    ]


def test_a_second_fetch_asks_for_nothing(bring, site):
    bring(top=3)
    asked = len(site.requests)
    assert bring(top=3).absent == 0
    assert len(site.requests) == asked


def test_a_photo_that_was_deleted_comes_again_from_its_shard_alone(
    bring, site, mirror, photos_in, tmp_path
):
    bring(top=5)
    before = photos_in()
    gone = next(tmp_path.glob("set/train/*/*.jpg"))
    gone.unlink()
    asked = len(site.requests)
    bring(top=5)
    assert photos_in() == before
    number = mirror.shard_of(gone.stem)
    assert site.asked()[asked:] == [md5_path(number), shard_path(number)]


def test_another_choice_into_the_same_folder_is_refused(bring, photos_in):
    bring(top=2)
    before = photos_in()
    with pytest.raises(FetchError, match=r"another choice of landmarks.*--to"):
        bring(top=3)
    assert photos_in() == before


def test_a_folder_with_photos_of_ones_own_is_refused(bring, tmp_path):
    mine = tmp_path / "set/train/mine/a.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(FetchError, match="holds another data set"):
        bring(top=2)
    assert [path.name for path in mine.parent.parent.iterdir()] == ["mine"]


def test_no_shard_is_asked_for_where_the_disk_is_too_small(bring, site, monkeypatch):
    class Usage:
        free = 100_000

    real = shutil.disk_usage
    monkeypatch.setattr(
        shutil, "disk_usage", lambda folder: Usage() if folder.name == "set" else real(folder)
    )
    with pytest.raises(FetchError, match=r"100,000 bytes free, what is missing of the set needs"):
        bring(top=2)
    assert not [path for path in site.asked() if path.startswith("/train/")]
