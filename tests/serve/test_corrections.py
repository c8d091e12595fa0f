"""The store of what a person says of photos."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from enrolled_landmarks import CASTLE

from whereshot.errors import CorrectionError
from whereshot.serve.corrections import Correction, CorrectionStore

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def store(tmp_path):
    return CorrectionStore(tmp_path / "mine" / "corrections.sqlite")


def correction(photo=ONE, landmark=CASTLE, answered="lake", said="2026-11-26"):
    return Correction(photo, landmark, answered, said)


def test_a_correction_comes_back_with_all_of_its_landmark(store):
    store.keep(correction())
    assert store.get([ONE, TWO]) == {ONE: correction()}


def test_no_landmark_is_a_correction_too(store):
    store.keep(correction(landmark=None, answered=""))
    assert store.get([ONE])[ONE].landmark is None


def test_the_last_word_counts(store):
    store.keep(correction())
    store.keep(correction(landmark=None))
    assert store.all() == (correction(landmark=None),)


def test_a_correction_can_be_taken_back_once(store):
    store.keep(correction())
    assert store.drop(ONE)
    assert not store.drop(ONE)
    assert store.all() == ()


def test_asking_makes_no_file(store):
    assert store.get([ONE]) == {}
    assert store.all() == ()
    assert not store.drop(ONE)
    assert not store.path.parent.exists()


def test_the_latest_come_first(store):
    store.keep(correction(ONE, said="2026-01-01"))
    store.keep(correction(TWO, said="2026-02-02"))
    assert [each.photo for each in store.all()] == [TWO, ONE]


def test_more_photos_than_a_query_takes_are_found(store):
    photos = [f"{number:064x}" for number in range(1300)]
    store.keep(correction(photos[0]))
    store.keep(correction(photos[-1]))
    assert set(store.get(photos)) == {photos[0], photos[-1]}


def test_many_threads_lose_nothing(store):
    photos = [f"{number:064x}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda photo: store.keep(correction(photo)), photos))
    assert {each.photo for each in store.all()} == set(photos)


def test_it_lies_in_the_users_own_folder(own_home):
    CorrectionStore().keep(correction())
    assert (own_home / "corrections.sqlite").is_file()


def test_the_file_holds_neither_the_photo_nor_its_name(store):
    store.keep(correction())
    with sqlite3.connect(store.path) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(corrections)")]
    database.close()
    assert columns == ["photo", "landmark", "answered", "said"]


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look at" * 40])
def test_a_damaged_file_is_told_and_stops_no_answer(store, caplog, content):
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(content)
    with pytest.raises(CorrectionError, match="move it away to begin anew"):
        store.get([ONE])
    assert store.recall([ONE]) == {}
    assert "can't be used" in caplog.text
    with pytest.raises(CorrectionError):
        store.keep(correction())
    assert store.path.read_bytes() == content


def test_a_landmark_that_is_none_is_told(store):
    store.keep(correction())
    with sqlite3.connect(store.path) as database:
        database.execute("UPDATE corrections SET landmark = '{\"id\": 1}'")
    database.close()
    with pytest.raises(CorrectionError):
        store.all()


@pytest.mark.parametrize(
    "wrong", [{"photo": "abc"}, {"photo": "A" * 64}, {"said": "yesterday"}], ids=str
)
def test_a_correction_checks_itself(wrong):
    with pytest.raises(ValueError, match=r"SHA-256|isoformat"):
        correction(**wrong)
