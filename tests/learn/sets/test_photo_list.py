from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whereshot.errors import DatasetError, RecipeError
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.sets.photo_list import read_photo_list, write_photo_list


def index_of(*paths: str) -> PhotoIndex:
    """An index of photos that need not exist; the class is the folder."""
    root = Path("photos")
    classes = tuple(dict.fromkeys(path.partition("/")[0] for path in paths))
    labels = tuple(classes.index(path.partition("/")[0]) for path in paths)
    return PhotoIndex(root, classes, tuple(root / path for path in paths), labels)


INDEX = index_of(
    "Jerash/1.jpg", "Jerash/2.jpg", "Petra/1.jpg", "Petra/by night/2.jpg", "Petra/3.jpg"
)


def listed(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "list.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_is_written_is_read_again_without_its_comments(tmp_path: Path) -> None:
    target = tmp_path / "suspects.txt"
    photos = [("Petra/by night/2.jpg", "Jerash 98 %"), ("Jerash/1.jpg", "")]
    write_photo_list(target, photos, about=["two photos", "of five"])
    assert target.read_text() == (
        "# two photos\n# of five\nPetra/by night/2.jpg\t# Jerash 98 %\nJerash/1.jpg\n"
    )
    assert read_photo_list(target, INDEX) == ("Jerash/1.jpg", "Petra/by night/2.jpg")


def test_comments_empty_lines_line_ends_and_repetitions_do_not_count(tmp_path: Path) -> None:
    content = "# why\r\n\r\n  Petra/1.jpg  \r\nPetra/1.jpg\t# again\r\n./Petra/3.jpg"
    assert read_photo_list(listed(tmp_path, content), INDEX) == ("Petra/1.jpg", "Petra/3.jpg")


def test_an_empty_list_names_nothing(tmp_path: Path) -> None:
    assert read_photo_list(listed(tmp_path, "# nothing\n"), INDEX) == ()


def test_an_unknown_path_is_told_with_its_line_and_the_closest(tmp_path: Path) -> None:
    path = listed(tmp_path, "Petra/1.jpg\ntrain/Jerash/2.jpg\n")
    with pytest.raises(DatasetError) as caught:
        read_photo_list(path, INDEX)
    assert "line 2: 'train/Jerash/2.jpg'" in str(caught.value)
    assert "Closest to the first: 'Jerash/2.jpg'." in str(caught.value)


def test_many_unknown_paths_are_told_in_one_line(tmp_path: Path) -> None:
    path = listed(tmp_path, "".join(f"????/{number}\n" for number in range(9)))
    with pytest.raises(DatasetError, match=r"line 3: .* and 6 more\)\. Expected paths such as"):
        read_photo_list(path, INDEX)


def test_a_list_of_all_photos_of_a_class_is_refused(tmp_path: Path) -> None:
    path = listed(tmp_path, "Jerash/1.jpg\nJerash/2.jpg\n")
    with pytest.raises(DatasetError, match=r"leaves out all 2 photos of 'Jerash'"):
        read_photo_list(path, INDEX)


def test_a_class_that_was_empty_before_is_not_the_list_s_fault(tmp_path: Path) -> None:
    index = PhotoIndex(INDEX.root, ("Jerash", "Petra", "Void"), INDEX.paths, INDEX.labels)
    assert read_photo_list(listed(tmp_path, "Petra/1.jpg"), index) == ("Petra/1.jpg",)


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_list_that_can_not_be_read_is_a_mistake_in_the_recipe(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "nowhere.txt"
    with pytest.raises(RecipeError, match=r"list of photos .* can't be read.*data\.exclude"):
        read_photo_list(path, INDEX)


def test_a_name_that_no_line_can_hold_is_written_as_a_comment(tmp_path: Path) -> None:
    target = tmp_path / "suspects.txt"
    write_photo_list(target, [("Petra/a\nJerash/1.jpg", "trick"), ("Petra/1.jpg", "")])
    assert read_photo_list(target, INDEX) == ("Petra/1.jpg",)


def test_no_comment_can_begin_a_line_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "suspects.txt"
    write_photo_list(target, [("Petra/1.jpg", "like\nJerash/1.jpg")], about=["of\rJerash/2.jpg"])
    assert read_photo_list(target, INDEX) == ("Petra/1.jpg",)


NAMES = st.text(
    st.characters(exclude_characters="/\t\n\r\0", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name.strip() == name and name != "." and name != "..")


@given(st.lists(NAMES, min_size=1, unique=True), st.text("#x \u2028é"))
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_other_name_is_read_as_it_was_written(
    tmp_path: Path, names: list[str], comment: str
) -> None:
    paths = [f"#{names[0]}/{name}.jpg" for name in names] + [os.fsdecode(b"B/\xff.jpg")]
    index = index_of(*paths, f"#{names[0]}/kept", "B/kept")
    target = tmp_path / "suspects.txt"
    write_photo_list(target, [(path, comment) for path in paths])
    assert read_photo_list(target, index) == tuple(sorted(paths))
