from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import DatasetError
from whereshot.learn.dataset import PhotoIndex, class_key, find_part, index_folder, split


def touch(root: Path, *names: str) -> Path:
    """Files with some content; the index does not look inside."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def names(index: PhotoIndex) -> list[str]:
    return [path.relative_to(index.root).as_posix() for path in index.paths]


def made(labels: list[int], classes: int) -> PhotoIndex:
    root = Path("photos")
    paths = tuple(root / f"{number:03}.jpg" for number in range(len(labels)))
    return PhotoIndex(root, tuple(f"c{k}" for k in range(classes)), paths, tuple(labels))


# -- reading a folder ----------------------------------------------------------------------


@pytest.mark.parametrize("around", ["", "train", "landmark_images/train"])
def test_the_plain_the_split_and_the_course_layout_give_the_same_index(
    tmp_path: Path, around: str
) -> None:
    touch(tmp_path / around, "00.Haleakala/b.jpg", "00.Haleakala/a.JPG", "01.Rainier/c.png")
    if around:
        touch((tmp_path / around).parent / "test", "00.Haleakala/held_out.jpg")
    index = index_folder(tmp_path, "train")
    assert index.classes == ("00.Haleakala", "01.Rainier")
    assert names(index) == ["00.Haleakala/a.JPG", "00.Haleakala/b.jpg", "01.Rainier/c.png"]
    assert index.labels == (0, 0, 1)
    assert index.counts() == [2, 1]
    assert len(index) == 3


def test_nested_folders_belong_to_their_class(tmp_path: Path) -> None:
    touch(tmp_path, "eiffel/2019/a.jpg", "eiffel/2019/night/b.webp", "rome/c.heic")
    index = index_folder(tmp_path)
    assert index.classes == ("eiffel", "rome")
    assert names(index) == ["eiffel/2019/a.jpg", "eiffel/2019/night/b.webp", "rome/c.heic"]


def test_hidden_files_hidden_folders_and_other_files_are_passed_over(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a/1.jpg",
        "a/.hidden.jpg",
        "a/._1.jpg",
        "a/.thumbnails/1.jpg",
        "a/deep/.cache/x/1.jpg",
        "a/notes.txt",
        "a/1.jpg.xmp",
        "b/2.jpg",
        ".git/3.jpg",
        "loose.jpg",
    )
    (tmp_path / "a" / "folder.jpg").mkdir()
    index = index_folder(tmp_path)
    assert index.classes == ("a", "b")
    assert names(index) == ["a/1.jpg", "b/2.jpg"]


def test_a_data_set_inside_a_hidden_folder_is_still_read(tmp_path: Path) -> None:
    root = touch(tmp_path / ".cache" / "photos", "a/1.jpg")
    assert names(index_folder(root)) == ["a/1.jpg"]


def test_a_class_folder_without_photos_keeps_its_number(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "c/3.jpg")
    (tmp_path / "b").mkdir()
    index = index_folder(tmp_path)
    assert index.classes == ("a", "b", "c")
    assert index.labels == (0, 2)
    assert index.counts() == [1, 0, 1]


def test_two_folders_of_one_landmark_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "16.Eiffel_Tower/1.jpg", "eiffel tower/2.jpg")
    with pytest.raises(DatasetError, match=r"'16\.Eiffel_Tower' and 'eiffel tower'\. Merge"):
        index_folder(tmp_path)


def test_a_folder_with_nothing_to_learn_from_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"No folder at .*nowhere"):
        index_folder(tmp_path / "nowhere")
    touch(tmp_path, "loose.jpg")
    with pytest.raises(DatasetError, match="has no class folders"):
        index_folder(tmp_path)
    with pytest.raises(DatasetError, match=r"No folder at .*loose\.jpg"):
        index_folder(tmp_path / "loose.jpg")
    touch(tmp_path, "a/notes.txt")
    with pytest.raises(DatasetError, match=r"has 1 class folders but no photos"):
        index_folder(tmp_path)


@pytest.mark.parametrize("around", ["", "landmark_images"])
def test_the_other_part_is_never_taken_for_the_wanted_one(tmp_path: Path, around: str) -> None:
    touch(tmp_path / around / "train", "a/1.jpg")
    with pytest.raises(DatasetError, match="has 'train' but no 'test'"):
        index_folder(tmp_path, "test")
    # Named outright, it is what was asked for.
    assert len(index_folder(tmp_path / around / "train", "test")) == 1


def test_find_part_falls_back_to_the_folder_itself(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg")
    assert find_part(tmp_path, "train") == tmp_path
    assert find_part(tmp_path, None) == tmp_path


@pytest.mark.parametrize(
    ("folder", "key"),
    [
        ("09.Golden_Gate_Bridge", "golden_gate_bridge"),
        ("Golden Gate  bridge", "golden_gate_bridge"),
        ("St._Basil", "st._basil"),
        ("16_Eiffel", "16_eiffel"),
        ("STRASSE", "strasse"),
    ],
)
def test_a_class_is_known_by_its_name_without_number_and_case(folder: str, key: str) -> None:
    assert class_key(folder) == key


# -- other classes -------------------------------------------------------------------------


def test_photos_take_the_numbers_of_a_networks_classes_and_strangers_are_left_out(
    tmp_path: Path,
) -> None:
    touch(tmp_path, "01.Rainier/1.jpg", "00.Haleakala/2.jpg", "02.Petra/3.jpg", "empty/notes.txt")
    index = index_folder(tmp_path).matched_to(["rainier", "Taj_Mahal", "Haleakala"])
    assert index.classes == ("rainier", "Taj_Mahal", "Haleakala")
    assert dict(zip(names(index), index.labels, strict=True)) == {
        "00.Haleakala/2.jpg": 2,
        "01.Rainier/1.jpg": 0,
    }


def test_photos_that_are_all_strangers_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "petra/1.jpg")
    with pytest.raises(DatasetError, match=r"no photos of the 1 classes .*folders are petra"):
        index_folder(tmp_path).matched_to(["rainier"])


# -- the fingerprint -----------------------------------------------------------------------


def test_the_fingerprint_is_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    touch(tmp_path / "one", "a/1.jpg", "b/2.jpg")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    os.utime(tmp_path / "two" / "a" / "1.jpg", (0, 0))
    first, second = index_folder(tmp_path / "one"), index_folder(tmp_path / "two")
    assert first.fingerprint() == second.fingerprint()
    assert len(first.fingerprint()) == 64


def test_the_fingerprint_does_not_depend_on_the_order_of_the_photos(tmp_path: Path) -> None:
    index = index_folder(touch(tmp_path, "a/1.jpg", "b/2.jpg", "b/3.jpg"))
    assert index.subset([2, 0, 1]).fingerprint() == index.fingerprint()


def test_the_fingerprint_changes_with_any_photo(tmp_path: Path) -> None:
    def fingerprint() -> str:
        return index_folder(tmp_path).fingerprint()

    seen = {index_folder(touch(tmp_path, "a/1.jpg", "b/2.jpg")).fingerprint()}
    touch(tmp_path, "a/3.jpg")
    seen.add(fingerprint())
    (tmp_path / "a/3.jpg").rename(tmp_path / "b/3.jpg")
    seen.add(fingerprint())
    (tmp_path / "b/3.jpg").rename(tmp_path / "b/4.jpg")
    seen.add(fingerprint())
    (tmp_path / "b/4.jpg").write_bytes(b"longer than it was before")
    seen.add(fingerprint())
    (tmp_path / "b").rename(tmp_path / "c")
    seen.add(fingerprint())
    assert len(seen) == 6


# -- the split -----------------------------------------------------------------------------

LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=80)


@given(LABELS, st.floats(0, 0.89), st.integers(0, 2**31), st.data())
def test_a_split_keeps_groups_whole_and_no_class_loses_its_last_photo(
    labels: list[int], share: float, seed: int, data: st.DataObject
) -> None:
    index = made(labels, classes=6)
    groups = data.draw(
        st.lists(st.integers(0, 12), min_size=len(labels), max_size=len(labels)), label="groups"
    )
    kept, held = split(index, share, seed=seed, groups=groups)
    assert sorted(kept + held) == list(range(len(labels)))
    assert kept == sorted(kept)
    assert held == sorted(held)
    assert not {groups[i] for i in kept} & {groups[i] for i in held}
    before, after = Counter(labels), Counter(labels[i] for i in kept)
    for label, count in before.items():
        assert after[label] >= max(1, count / 2)
        assert count - after[label] <= round(share * count)


@given(LABELS, st.integers(0, 2**31))
def test_a_split_without_groups_holds_out_the_share_of_each_class(
    labels: list[int], seed: int
) -> None:
    _, held = split(made(labels, classes=6), 0.25, seed=seed)
    taken = Counter(labels[i] for i in held)
    for label, count in Counter(labels).items():
        assert taken[label] == min(round(0.25 * count), count - 1)


def test_a_split_is_the_same_for_a_seed_and_another_for_another() -> None:
    index = made([0] * 40 + [1] * 40, classes=2)
    assert split(index, 0.2, seed=1) == split(index, 0.2, seed=1)
    assert split(index, 0.2, seed=1) != split(index, 0.2, seed=2)


def test_near_duplicates_in_two_classes_stay_in_training() -> None:
    index = made([0, 0, 0, 0, 1, 1, 1, 1], classes=2)
    groups = [0, 1, 2, 3, 0, 4, 5, 6]
    for seed in range(20):
        _, held = split(index, 0.5, seed=seed, groups=groups)
        assert not {0, 4} & set(held)


def test_a_share_of_zero_holds_out_nothing() -> None:
    assert split(made([0, 0, 1], classes=2), 0.0, seed=0) == ([0, 1, 2], [])
