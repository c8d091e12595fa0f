from __future__ import annotations

import pytest
from made_photos import data_set, saved, scene
from PIL import Image

from whereshot.errors import DatasetError
from whereshot.learn.dataset import index_folder
from whereshot.learn.sets.survey import ClassFolder, survey_folder


@pytest.mark.parametrize("top", ["", "landmark_images"])
def test_the_course_layout_and_a_folder_of_parts_are_understood(tmp_path, top):
    data_set(tmp_path / top, {"train/00.Petra": 2, "train/01.Jerash": 1, "test/00.Petra": 1})
    survey = survey_folder(tmp_path)
    assert survey.folders == (
        ClassFolder("train", "00.Petra"),
        ClassFolder("train", "01.Jerash"),
        ClassFolder("test", "00.Petra"),
    )
    prefix = f"{top}/" if top else ""
    assert [survey.relative(photo.path) for photo in survey.photos] == [
        f"{prefix}train/00.Petra/0.jpg",
        f"{prefix}train/00.Petra/1.jpg",
        f"{prefix}train/01.Jerash/0.jpg",
        f"{prefix}test/00.Petra/0.jpg",
    ]


def test_a_plain_folder_of_classes_has_one_nameless_part(tmp_path):
    survey = survey_folder(data_set(tmp_path, {"Petra": 1, "Jerash": 1}))
    assert {folder.part for folder in survey.folders} == {""}


def test_the_survey_sees_the_photos_that_training_sees(photos):
    root = photos / "udacity50_sample"
    survey = survey_folder(root, decode_photos=False)
    trained = {*index_folder(root, "train").paths, *index_folder(root, "test").paths}
    assert {photo.path for photo in survey.photos} == trained
    assert all(photo.error is None and photo.kind == "JPEG" for photo in survey.photos)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "gif", "bmp", "avif"])
@pytest.mark.parametrize("decode_photos", [True, False])
def test_headers_tell_format_sides_and_bytes(tmp_path, suffix, decode_photos):
    path = saved(scene(1, (90, 70)), tmp_path / "Petra" / f"a.{suffix}")
    (photo,) = survey_folder(tmp_path, decode_photos=decode_photos).photos
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
    assert (photo.kind, photo.short_side, photo.long_side) == (kind, 70, 90)
    assert photo.bytes == path.stat().st_size
    assert photo.error is None
    assert not photo.has_gps
    assert (photo.hash is not None) is decode_photos


def test_a_position_in_the_exif_is_seen(tmp_path):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (30.0, 19.0, 43.0), 3: "E", 4: (35.0, 26.0, 31.0)}
    saved(scene(1), tmp_path / "Petra" / "a.jpg", exif=exif)
    (photo,) = survey_folder(tmp_path).photos
    assert photo.has_gps


@pytest.mark.parametrize("content", [b"", b"not a photo", b"\xff\xd8\xff\xe0 cut off", None])
def test_a_photo_that_can_not_be_read_has_an_error_and_the_others_go_on(tmp_path, content):
    data_set(tmp_path, {"Petra": 1})
    bad = tmp_path / "Petra" / "bad.jpg"
    bad.write_bytes(
        content if content is not None else (tmp_path / "Petra/0.jpg").read_bytes()[:900]
    )
    good, broken = survey_folder(tmp_path).photos
    assert good.error is None
    assert broken.error is not None
    assert "bad.jpg" in broken.error
    assert broken.hash is None


def test_photos_that_training_passes_over_are_listed_and_other_files_are_not(tmp_path):
    data_set(tmp_path, {"train/Petra": 1, "test/Petra": 1})
    outside = saved(scene(8), tmp_path / "train" / "outside.jpg")
    nameless = tmp_path / "train" / "Petra" / "nameless"
    nameless.write_bytes(outside.read_bytes())
    for name in (
        "train/labels.csv",
        "train/Petra/licence.txt",
        "train/.hidden.jpg",
        "train/Petra/e",
    ):
        (tmp_path / name).write_bytes(b"" if name.endswith("e") else b"text")
    assert dict(survey_folder(tmp_path).unseen) == {outside: "JPEG", nameless: "JPEG"}


def test_detail_and_the_mean_of_each_folder_come_from_decoded_photos(tmp_path):
    data_set(tmp_path, {"Petra": 2, "Jerash": 0})
    (tmp_path / "Petra" / "bad.jpg").write_bytes(b"bad")
    survey = survey_folder(tmp_path)
    assert [photo.detail is not None for photo in survey.photos] == [True, True, False]
    means = {folder.name: mean.photos for folder, mean in survey.means.items()}
    assert means == {"Petra": 2, "Jerash": 0}
    headers = survey_folder(tmp_path, decode_photos=False)
    assert all(photo.detail is None for photo in headers.photos)
    assert all(mean.photos == 0 for mean in headers.means.values())


def test_a_photo_that_its_exif_turns_has_the_sides_of_the_upright_one(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    saved(scene(1, (90, 70)), tmp_path / "Petra" / "a.jpg", exif=exif)
    (photo,) = survey_folder(tmp_path).photos
    assert (photo.width, photo.height) == (70, 90)
    (stored,) = survey_folder(tmp_path, decode_photos=False).photos
    assert (stored.width, stored.height) == (90, 70)


def test_photos_below_a_class_folder_belong_to_it(tmp_path):
    saved(scene(1), tmp_path / "Petra" / "by_night" / "a.jpg")
    (photo,) = survey_folder(tmp_path).photos
    assert photo.folder.name == "Petra"


def test_progress_counts_up_to_all_photos(tmp_path):
    told = []
    survey_folder(data_set(tmp_path, {"Petra": 3}), on_photo=lambda *counts: told.append(counts))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_missing_folder_and_one_without_classes_are_errors(tmp_path):
    with pytest.raises(DatasetError, match=r"No folder at.*nowhere"):
        survey_folder(tmp_path / "nowhere")
    saved(scene(1), tmp_path / "a.jpg")
    (tmp_path / ".hidden").mkdir()
    with pytest.raises(DatasetError, match="no class folders"):
        survey_folder(tmp_path)
