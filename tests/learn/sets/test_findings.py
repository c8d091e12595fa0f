from __future__ import annotations

import shutil

from made_photos import data_set, saved, scene
from PIL import Image, ImageOps

from whereshot.gazetteer import load_gazetteer
from whereshot.learn.sets.findings import TITLES, find_problems
from whereshot.learn.sets.labels import LabelCheck, Suspect
from whereshot.learn.sets.survey import survey_folder


def check(root):
    return find_problems(survey_folder(root), load_gazetteer())


def kinds(findings):
    return [(finding.severity, finding.kind) for finding in findings]


def test_a_sound_data_set_has_no_findings(tmp_path):
    layout = {"train/00.Petra": 3, "train/01.Jerash": 2, "test/00.Petra": 1, "test/01.Jerash": 1}
    assert check(data_set(tmp_path, layout)) == []


def test_one_photo_in_train_and_test_is_a_leak_even_mirrored_and_small(tmp_path):
    data_set(tmp_path, {"train/Petra": 2, "test/Petra": 2})
    saved(ImageOps.mirror(scene(0)).resize((100, 75)), tmp_path / "test" / "Petra" / "copy.webp")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("error", "leak")]
    assert finding.paths == ("train/Petra/0.jpg", "test/Petra/copy.webp")
    assert finding.message == "One photo of petra is in train and test."


def test_one_photo_under_two_landmarks_is_a_wrong_label(tmp_path):
    data_set(tmp_path, {"Petra": 2, "Jerash": 2})
    shutil.copy(tmp_path / "Petra" / "1.jpg", tmp_path / "Jerash" / "copy.jpg")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("error", "wrong_label")]
    assert finding.paths == ("Jerash/copy.jpg", "Petra/1.jpg")


def test_one_photo_under_another_landmark_in_test_is_both(tmp_path):
    data_set(tmp_path, {"train/Petra": 2, "train/Jerash": 2, "test/Petra": 1, "test/Jerash": 1})
    shutil.copy(tmp_path / "train/Petra/1.jpg", tmp_path / "test/Jerash/copy.jpg")
    assert kinds(check(tmp_path)) == [("error", "wrong_label"), ("error", "leak")]


def test_near_duplicates_within_a_landmark_are_a_warning(tmp_path):
    data_set(tmp_path, {"Petra": 2})
    for number in range(2):
        saved(scene(0).resize((200 + number, 150)), tmp_path / "Petra" / f"copy{number}.png")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "duplicate")]
    assert finding.message == "3 photos of petra are nearly the same."


def test_copies_in_two_folders_of_one_landmark_are_not_a_wrong_label(tmp_path):
    data_set(tmp_path, {"train/16.Eiffel_Tower": 2, "test/Tour_Eiffel": 1})
    shutil.copy(tmp_path / "train/16.Eiffel_Tower/0.jpg", tmp_path / "test/Tour_Eiffel/copy.jpg")
    assert kinds(check(tmp_path)) == [("error", "leak")]


def test_two_folders_of_one_landmark_are_an_error_by_spelling_and_by_the_gazetteer(tmp_path):
    data_set(tmp_path, {"09.Golden_Gate_Bridge": 2, "golden-gate-bridge": 2})
    data_set(tmp_path, {"My_Garden": 2, "3.my garden": 2})
    findings = [finding for finding in check(tmp_path) if finding.kind == "same_landmark"]
    assert [finding.severity for finding in findings] == ["error", "error"]
    assert findings[0].paths == ("09.Golden_Gate_Bridge", "golden-gate-bridge")
    assert findings[1].paths == ("3.my garden", "My_Garden")


def test_unreadable_photos_and_empty_folders_are_errors_but_an_empty_test_folder_is_not(tmp_path):
    data_set(tmp_path, {"train/Petra": 2, "train/Jerash": 0, "test/Petra": 0, "test/Jerash": 1})
    (tmp_path / "train/Jerash/bad.jpg").write_bytes(b"bad")
    findings = check(tmp_path)
    assert kinds(findings) == [
        ("error", "unreadable"),
        ("error", "empty"),
        ("warning", "empty"),
    ]
    assert findings[0].paths == ("train/Jerash/bad.jpg",)
    assert findings[1].message.startswith("train/Jerash has no readable photo")


def test_a_landmark_with_one_photo_to_train_on_is_a_warning(tmp_path):
    data_set(tmp_path, {"train/Petra": 1, "train/Jerash": 2, "test/Petra": 1, "test/Jerash": 1})
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "single")]
    assert finding.paths == ("train/Petra",)


def test_landmarks_of_one_part_only_are_warnings(tmp_path):
    findings = check(data_set(tmp_path, {"train/00.Petra": 2, "test/Jerash": 1, "test/Petra": 1}))
    assert [(finding.kind, finding.paths) for finding in findings] == [
        ("untrained", ("test/Jerash",))
    ]
    shutil.rmtree(tmp_path / "test" / "Petra")
    assert [finding.kind for finding in check(tmp_path)] == ["untrained", "untested"]


def test_a_folder_that_the_gazetteer_does_not_know_comes_with_the_closest(tmp_path):
    (finding,) = check(data_set(tmp_path, {"00.Eifel_Towr": 2, "Petra": 2}))
    assert kinds([finding]) == [("warning", "unknown_landmark")]
    assert "Closest: eiffel_tower" in finding.message


def test_content_that_is_not_what_the_suffix_says_is_a_warning(tmp_path):
    data_set(tmp_path, {"Petra": 2})
    (tmp_path / "Petra" / "0.jpg").rename(tmp_path / "Petra" / "0.PNG")
    (tmp_path / "Petra" / "1.jpg").rename(tmp_path / "Petra" / "1.JPEG")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "wrong_suffix")]
    assert finding.message == "Petra/0.PNG is a JPEG file: its suffix should be .jpg."


def test_a_photo_outside_the_class_folders_is_a_warning(tmp_path):
    data_set(tmp_path, {"Petra": 2})
    saved(scene(9), tmp_path / "a.jpg")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "unseen")]


def test_many_photos_of_one_square_size_in_a_folder_are_a_warning(tmp_path):
    data_set(tmp_path, {"Petra": 3, "Jerash": 2})
    for number in range(10):
        saved(scene(100 + number, (128, 128)), tmp_path / "Petra" / f"square{number}.jpg")
    for number in range(9):  # too few to tell
        saved(scene(200 + number, (128, 128)), tmp_path / "Jerash" / f"square{number}.jpg")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "squashed")]
    assert finding.message.startswith("Petra: 10 of 13 photos have 128 x 128 px.")
    assert finding.paths == tuple(f"Petra/square{number}.jpg" for number in range(10))


def test_squares_of_different_sizes_are_how_somebody_crops(tmp_path):
    data_set(tmp_path, {"Petra": 3})
    for number in range(12):
        side = 128 + number
        saved(scene(100 + number, (side, side)), tmp_path / "Petra" / f"square{number}.jpg")
    assert check(tmp_path) == []


def test_tiny_photos_are_a_warning(tmp_path):
    data_set(tmp_path, {"Petra": 2})
    saved(scene(9, (90, 63)), tmp_path / "Petra" / "tiny.png")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "small")]
    assert finding.message == "Petra/tiny.png has 90 x 63 px."


def test_enlarged_photos_are_a_warning(tmp_path):
    data_set(tmp_path, {"Petra": 2})
    enlarged = scene(9, (64, 64)).resize((320, 240), Image.Resampling.BICUBIC)
    saved(enlarged, tmp_path / "Petra" / "enlarged.png")
    (finding,) = check(tmp_path)
    assert kinds([finding]) == [("warning", "soft")]
    assert (
        finding.message
        == "Petra/enlarged.png (320 x 240 px) has no more detail than at half its size."
    )


def test_suspect_labels_stand_in_their_place_the_most_certain_first(tmp_path):
    data_set(tmp_path, {"Petra": 2, "Nowhere": 1})
    saved(scene(9, (90, 63)), tmp_path / "Petra" / "tiny.png")
    suspects = tuple(
        Suspect(f"Petra/{number}.jpg", "Petra", "Jerash", 0.01, likely)
        for number, likely in ((1, 0.95), (0, 0.4))
    )
    labels = LabelCheck(tmp_path, "tiny@1", 3, 0.5, 0.5, suspects, {})
    findings = find_problems(survey_folder(tmp_path), load_gazetteer(), labels=labels)
    assert [(finding.kind, finding.paths) for finding in findings] == [
        ("single", ("Nowhere",)),
        ("unknown_landmark", ("Nowhere",)),
        ("suspect", ("Petra/1.jpg",)),
        ("suspect", ("Petra/0.jpg",)),
        ("small", ("Petra/tiny.png",)),
    ]
    assert findings[2].message == "Petra/1.jpg looks like Jerash (95.0% probable, its label 1.0%)."
    assert findings[3].message == "Petra/0.jpg looks like no other photo of Petra (1.0% probable)."


def test_findings_come_in_the_order_of_their_titles(tmp_path):
    data_set(tmp_path, {"train/Petra": 1, "train/Nowhere": 2, "test/Petra": 1})
    shutil.copy(tmp_path / "train/Petra/0.jpg", tmp_path / "test/Petra/copy.jpg")
    (tmp_path / "train/Petra/bad.jpg").write_bytes(b"bad")
    found = [finding.kind for finding in check(tmp_path)]
    assert found == ["unreadable", "leak", "single", "untested", "unknown_landmark"]
    assert found == sorted(found, key=list(TITLES).index)
