from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest
import raw_files
from colors import ColorRecognizer
from made_photos import saved, scene

import whereshot
from whereshot.library.reading import Job, Reader, Source, TwoStepRecognizer, content_hash, lost
from whereshot.records import Location


def job(path: Path, **known) -> Job:
    return Job(path, 1, 2, known)


@pytest.fixture
def reader():
    return Reader(ColorRecognizer())


def test_a_photo_is_read_once_and_described(reader, paint, tmp_path):
    path = paint(tmp_path / "a.jpg", "red", gps=(48, 2))
    (reading,) = reader([job(path)])
    status = path.stat()
    assert (reading.photo.size, reading.photo.mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert reading.photo.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    assert reading.photo.own_location == Location(48, 2, 0.02, "exif")
    assert reading.photo.recognition.predictions[0].landmark.id == "red_rock"
    assert reading.photo.recognition.location == reading.photo.own_location
    assert reading.photo.recognition.photo == str(path)
    assert (reading.source, reading.photo.error) == (Source.NETWORK, None)


def test_known_content_is_not_recognized_again(reader, paint, tmp_path):
    path = paint(tmp_path / "a.jpg", "red")
    other = reader([job(paint(tmp_path / "b.jpg", "blue"))])[0].photo.recognition
    (reading,) = reader([job(path, **{content_hash(path.read_bytes()): other})])
    assert reading.source == Source.CONTENT
    assert reading.photo.recognition.predictions == other.predictions
    assert reading.photo.recognition.photo == str(path)


def test_an_answer_of_another_photo_takes_this_ones_place(reader, paint, tmp_path):
    here = paint(tmp_path / "here.jpg", "red", gps=(48, 2))
    answer = reader([job(here)])[0].photo.recognition
    away = paint(tmp_path / "away.png", "red")
    (reading,) = reader([job(away, **{content_hash(away.read_bytes()): answer})])
    assert reading.photo.own_location is None
    assert reading.photo.recognition.location.source == "landmark"


class TwoSteps(ColorRecognizer):
    class Look:
        def __init__(self, photo):
            self.photo = photo
            self.pixels = whereshot.photo.decode(photo)

    def look(self, photo):
        return self.Look(photo)

    def answer(self, look, *, k=5):
        return self.recognize(look.photo, k=k)


def test_near_duplicates_beside_each_other_share_one_recognition(tmp_path):
    burst = [saved(scene(1), tmp_path / "a.jpg", quality=95)]
    burst.append(saved(scene(1), tmp_path / "b.jpg", quality=40))
    other = saved(scene(2), tmp_path / "c.jpg")
    burst.append(saved(scene(1).resize((200, 150)), tmp_path / "d.png"))
    recognizer = TwoSteps()
    a, b, c, d = Reader(recognizer)([job(path) for path in (*burst[:2], other, burst[2])])
    assert isinstance(recognizer, TwoStepRecognizer)
    assert recognizer.asked == 2
    assert [each.source for each in (a, b, c, d)] == [
        Source.NETWORK,
        Source.NEIGHBOUR,
        Source.NETWORK,
        Source.NEIGHBOUR,
    ]
    assert (
        a.photo.recognition.predictions
        == b.photo.recognition.predictions
        == d.photo.recognition.predictions
    )
    assert b.photo.recognition.photo == str(burst[1])
    assert len({each.photo.content_hash for each in (a, b, c, d)}) == 4


def test_plain_surfaces_are_not_taken_for_each_other(paint, tmp_path):
    recognizer = TwoSteps()
    jobs = [job(paint(tmp_path / f"{color}.png", color)) for color in ("red", "blue")]
    assert [each.source for each in Reader(recognizer)(jobs)] == [Source.NETWORK] * 2


def test_the_shipped_recognizer_goes_in_two_steps(tiny_bundle, paint, tmp_path):
    recognizer = whereshot.load(tiny_bundle)
    assert isinstance(recognizer, TwoStepRecognizer)
    path = paint(tmp_path / "red.jpg")
    (reading,) = Reader(recognizer, k=2)([job(path)])
    assert reading.photo.recognition.predictions == recognizer.recognize(path, k=2).predictions
    assert reading.photo.recognition.certainty == recognizer.recognize(path, k=2).certainty


def test_a_raw_file_is_recognized_by_the_picture_in_it(reader, tmp_path):
    path = tmp_path / "a.nef"
    picture = raw_files.jpeg((220, 30, 30), (640, 480))
    path.write_bytes(raw_files.nef(picture, b""))
    (reading,) = reader([job(path)])
    assert reading.photo.recognition.predictions[0].landmark.id == "red_rock"
    assert reading.photo.camera == "NIKON D750"
    assert reading.photo.content_hash == content_hash(path.read_bytes())


def test_a_raw_file_without_a_picture_says_what_to_install(reader, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    path = tmp_path / "a.nef"
    path.write_bytes(b"II*\0 nothing else")
    (reading,) = reader([job(path)])
    assert reading.photo.error.startswith(f"The photo {str(path)!r} is a camera raw file without")
    assert "pip install" in reading.photo.error
    assert not reading.passing


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"\xff\xd8\xff\xe0 cut", "truncated"), (b"%PDF-1.7", "a PDF document")],
)
def test_what_is_no_photo_fails_for_good_and_is_named(reader, tmp_path, content, says):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    (reading,) = reader([job(path)])
    assert says in reading.photo.error
    assert reading.photo.error.startswith(f"The photo {str(path)!r} ")
    assert (reading.photo.recognition, reading.passing, reading.source) == (
        None,
        False,
        Source.NOBODY,
    )
    assert reading.photo.content_hash == (content_hash(content) if content else "")


def test_a_file_of_three_gigabytes_is_refused_unread(reader, tmp_path):
    path = tmp_path / "a.tif"
    with path.open("wb") as file:
        file.truncate(3_000_000_000)  # takes no space
    (reading,) = reader([job(path)])
    assert "3,000,000,000 bytes, the limit is" in reading.photo.error
    assert (reading.photo.size, reading.photo.content_hash, reading.passing) == (
        3_000_000_000,
        "",
        False,
    )


def test_a_pipe_in_the_place_of_a_photo_is_not_waited_for(reader, tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    (reading,) = reader([job(tmp_path / "a.jpg")])
    assert "a pipe, socket or device" in reading.photo.error
    assert reading.passing


def test_a_photo_that_disappeared_is_gone(reader, tmp_path):
    (reading,) = reader([job(tmp_path / "a.jpg")])
    assert reading.gone
    assert (reading.photo.size, reading.photo.mtime_ns, reading.photo.error) == (1, 2, None)


def test_names_that_are_no_text_are_read(reader, paint, tmp_path):
    path = paint(tmp_path / "a.png").rename(tmp_path / os.fsdecode(b"caf\xe9\xff.png"))
    (reading,) = reader([job(path)])
    assert reading.photo.recognition.predictions[0].landmark.id == "red_rock"


def test_the_photo_that_ended_its_process_is_named():
    reading = lost(job(Path("/photos/a.jpg")), "SIGKILL")
    assert "'/photos/a.jpg' ended the process that read it (SIGKILL)" in reading.photo.error
    assert reading.passing
    assert (reading.photo.size, reading.photo.mtime_ns) == (1, 2)
