from __future__ import annotations

import pytest
from landmarks_mirror import LANDMARKS, Mirror

from whereshot.errors import DatasetError
from whereshot.learn.sets.gldv2.tables import (
    ATTRIBUTION_COLUMNS,
    count_photos,
    read_categories,
    read_photos,
    read_rows,
)

PHOTO = "00019b859b575233"


@pytest.fixture
def written(tmp_path):
    def written(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def test_both_tables_of_photos_say_the_same_of_a_clean_set(written):
    mirror = Mirror(shards=3, dirty=0)
    tables = mirror.tables()
    train_csv = written(tables["train.csv"], "train.csv")
    clean_csv = written(tables["train_clean.csv"], "clean.csv")
    assert count_photos(train_csv, clean=False) == count_photos(clean_csv, clean=True)
    train = list(read_photos(train_csv, LANDMARKS, clean=False))
    clean = list(read_photos(clean_csv, LANDMARKS, clean=True))
    assert len(list(read_photos(clean_csv, [31], clean=True))) == 1
    flat = {(photo, landmark) for landmark, photos in train for photo in photos}
    assert flat == {(photo, landmark) for landmark, photos in clean for photo in photos}
    assert flat == {(int(photo, 16), number) for photo, number in mirror.landmark_of.items()}


def test_a_landmark_with_thousands_of_photos_is_one_row(written):
    ids = " ".join(f"{number:016x}" for number in range(6300))  # the largest of the set has 6,272
    ((landmark, photos),) = read_photos(
        written(f"landmark_id,images\n7,{ids}\n".encode()), [7], clean=True
    )
    assert (landmark, len(photos)) == (7, 6300)


def test_a_row_keeps_commas_quotes_line_breaks_and_odd_bytes(written):
    path = written(b'id,url,author,license,title\n1,http://x,"Z, ""Q""","CC BY","a\nb\xff"\n')
    (row,) = read_rows(path, ATTRIBUTION_COLUMNS)
    assert row == ["1", "http://x", 'Z, "Q"', "CC BY", "a\nb\udcff"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"has the columns \(none\), expected id,url,landmark_id"),
        (b"id,landmark_id\n", "has the columns id,landmark_id, expected id,url,landmark_id"),
        (b"<html>sign in</html>", "another file"),
        (b"id,url,landmark_id\n00019b859b57", r"line 2, has 1 fields, expected 3: it is cut off"),
        (f"id,url,landmark_id\n{PHOTO},http://x".encode(), "line 2, has 2 fields"),
        (f"id,url,landmark_id\n{PHOTO},x,".encode(), "the landmark '', expected a number"),
        (f"id,url,landmark_id\n{PHOTO},x,-5\n".encode(), "the landmark '-5', expected a number"),
        (f"id,url,landmark_id\n{PHOTO[:9]},x,5\n".encode(), "expected 16 hexadecimal digits"),
        (f"id,url,landmark_id\n{PHOTO.upper()}Z,x,5\n".encode(), "expected 16 hexadecimal digits"),
        (b'id,url,landmark_id\n"' + b"x" * 200_000, "no row of a table: field larger"),
    ],
)
def test_a_damaged_table_is_told_with_its_line(written, content, message):
    path = written(content)
    with pytest.raises(DatasetError, match=message):
        assert count_photos(path, clean=False) and list(read_photos(path, [5], clean=False))  # noqa: PT018


def test_a_clean_table_that_is_cut_off_in_a_photo_is_told(written):
    with pytest.raises(DatasetError, match=r"the photo '00019b85', expected 16 .*cut off"):
        list(
            read_photos(
                written(f"landmark_id,images\n5,{PHOTO} 00019b85".encode()), [5], clean=True
            )
        )


def test_category_names_are_read_from_their_urls(written):
    path = written(Mirror(shards=1).tables()["train_label_to_category.csv"])
    names = {one.landmark: one.name for one in read_categories(path)}
    assert names[31] == "Sparkassen-Arena, Göttingen"
    assert names[8] == "AC/DC Lane"


def test_empty_lines_do_not_count(written):
    path = written(b"landmark_id,category\n1,http://a/Category:A\n\n2,http://a/Category:B\n\n")
    assert [one.name for one in read_categories(path)] == ["A", "B"]
