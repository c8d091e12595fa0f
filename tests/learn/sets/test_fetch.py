from __future__ import annotations

import json
import subprocess
import sys

import pytest
from local_web import Site, course_archive

from whereshot.errors import FetchError
from whereshot.learn.sets.fetch import RECORD, SETS, PublishedSet, fetch, published_set
from whereshot.learn.sets.transfer import Patience

SMALL = PublishedSet(
    name="small",
    about="two landmarks",
    url="http://sets.example/small.zip",
    folder="landmark_images",
    landmarks=2,
    photos={"train": 4, "test": 2},
)
QUICK = {"patience": Patience(pause_seconds=0.0, timeout_seconds=5.0)}


def test_a_set_is_downloaded_unpacked_and_counted(web, tmp_path):
    site = web.serve(Site(course_archive(extra=["__MACOSX/landmark_images/._train"])))
    steps = []
    fetched = fetch(
        SMALL,
        tmp_path / "deep" / "set",
        url=site.url,
        on_step=lambda *step: steps.append(step),
        **QUICK,
    )
    assert (fetched.landmarks, fetched.photos) == ({"train": 2, "test": 2}, {"train": 4, "test": 2})
    assert not fetched.was_complete
    assert fetched.folder == tmp_path / "deep" / "set"
    assert sorted(path.name for path in fetched.folder.iterdir()) == [RECORD, "landmark_images"]
    assert len(list(fetched.folder.glob("landmark_images/*/*/*.jpg"))) == 6
    assert {step for step, _, _ in steps} == {"download", "unpack"}
    assert steps[-1] == ("unpack", 30_000, 30_000)
    record = json.loads((fetched.folder / RECORD).read_text())
    assert record["url"] == site.url
    assert record["photos"] == {"train": 4, "test": 2}


def test_an_archive_without_the_top_folder_ends_in_the_same_layout(web, tmp_path):
    site = web.serve(Site(course_archive(top="")))
    fetch(SMALL, tmp_path, url=site.url, **QUICK)
    assert len(list(tmp_path.glob("landmark_images/train/00.Petra/*.jpg"))) == 2


def test_a_complete_set_is_left_alone_and_nothing_is_asked(web, tmp_path):
    site = web.serve(Site(course_archive()))
    fetch(SMALL, tmp_path, url=site.url, **QUICK)
    (tmp_path / RECORD).unlink()  # brought here by hand: the published counts decide
    asked = len(site.requests)
    again = fetch(SMALL, tmp_path, url=site.url, **QUICK)
    assert again.was_complete
    assert again.photos == {"train": 4, "test": 2}
    assert len(site.requests) == asked


def test_a_mirror_with_other_counts_is_complete_by_its_own_record(web, tmp_path):
    site = web.serve(Site(course_archive(train=5)))
    assert fetch(SMALL, tmp_path, url=site.url, **QUICK).photos["train"] == 10
    assert fetch(SMALL, tmp_path, url=site.url, **QUICK).was_complete


def test_a_folder_with_photos_missing_is_told_and_left_alone(web, tmp_path):
    site = web.serve(Site(course_archive()))
    fetch(SMALL, tmp_path, url=site.url, **QUICK)
    next(tmp_path.glob("landmark_images/train/*/*.jpg")).unlink()
    with pytest.raises(
        FetchError, match=r"holds 3 train \+ 2 test, expected 4 train \+ 2 test.*--to"
    ):
        fetch(SMALL, tmp_path, url=site.url, **QUICK)
    assert len(list(tmp_path.glob("landmark_images/train/*/*.jpg"))) == 3


def test_another_folder_of_that_name_is_never_written_over(web, tmp_path):
    (tmp_path / "landmark_images").mkdir()
    (tmp_path / "landmark_images" / "mine.txt").write_text("mine")
    with pytest.raises(FetchError, match="no such layout, expected 4 train"):
        fetch(SMALL, tmp_path, url="http://127.0.0.1:9/set.zip", **QUICK)
    assert (tmp_path / "landmark_images" / "mine.txt").read_text() == "mine"


def test_an_interrupted_fetch_goes_on(web, tmp_path):
    site = web.serve(Site(course_archive(), cuts=[9_000]))
    with pytest.raises(FetchError, match="goes on"):
        fetch(SMALL, tmp_path, url=site.url, patience=Patience(attempts=1))
    assert not (tmp_path / "landmark_images").exists()
    fetch(SMALL, tmp_path, url=site.url, **QUICK)
    assert site.requests[-1]["range"] == "bytes=9000-"
    assert len(list(tmp_path.glob("landmark_images/*/*/*.jpg"))) == 6


def test_a_corrupted_archive_is_deleted_and_the_next_fetch_is_sound(web, tmp_path):
    sound = course_archive()
    damaged = bytearray(sound)
    damaged[8_000] ^= 1
    site = web.serve(Site(bytes(damaged)))
    with pytest.raises(FetchError, match=r"not a sound zip archive.*CRC.*came from http.*deleted"):
        fetch(SMALL, tmp_path, url=site.url, **QUICK)
    assert list(tmp_path.iterdir()) == []
    site.content, site.etag = sound, '"v2"'
    assert fetch(SMALL, tmp_path, url=site.url, **QUICK).photos == SMALL.photos


@pytest.mark.parametrize(
    "content",
    [
        course_archive(extra=["../evil.jpg"]),
        course_archive(top="other/"),
        course_archive(test=0),
        course_archive(top="") + b"trailing" * 9000,  # no end record where it belongs
        b"<html>please sign in</html>",
    ],
    ids=["zip_slip", "other_layout", "no_test", "trailing", "sign_in_page"],
)
def test_what_is_not_the_set_leaves_nothing_behind(web, tmp_path, content):
    inner = tmp_path / "inner"
    with pytest.raises(FetchError, match="deleted"):
        fetch(SMALL, inner, url=web.serve(Site(content)).url, **QUICK)
    assert list(inner.iterdir()) == []
    assert list(tmp_path.iterdir()) == [inner]


def test_a_folder_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FetchError, match="Can't make the folder"):
        fetch(SMALL, tmp_path / "file" / "set", **QUICK)


def test_an_unknown_set_names_the_known_ones():
    with pytest.raises(
        FetchError, match=r"No published set 'udacity'; known: udacity50.*mean udacity50"
    ):
        published_set("udacity")
    assert published_set("udacity50") is SETS["udacity50"]


def test_the_course_set_is_described_as_published():
    course = SETS["udacity50"]
    assert (course.landmarks, course.photos) == (50, {"train": 4996, "test": 1250})
    assert course.url.startswith("https://")


def test_data_sets_are_handled_without_torch():
    code = (
        "import sys, whereshot.learn.sets.fetch, whereshot.learn.duplicates; "
        "assert not {'torch', 'timm', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
