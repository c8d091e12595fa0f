"""Organizing: a plan that never puts anything where something is, and that can be taken back."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_photos import catalog_photo
from plug import quick_folder, tree_of

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.changes import CopyFile, LinkFile, MakeFolder, MoveFile
from whereshot.library.files import RealFiles
from whereshot.library.journal import Journal
from whereshot.library.names import folded
from whereshot.library.organize import (
    Mode,
    OrganizePlan,
    OrganizeReport,
    apply_plan,
    plan_organize,
)
from whereshot.library.places import PlaceFinder
from whereshot.library.shelf import RealDisk
from whereshot.library.template import parse_template
from whereshot.library.undo import undo

FILES = RealFiles()
FINDER = PlaceFinder()
BY_PLACE = "{country}/{city}/{landmark}"


def plan_of(
    photos: Iterable[CatalogPhoto],
    source: Path,
    root: Path,
    by: str = BY_PLACE,
    mode: Mode = "copy",
) -> OrganizePlan:
    photos = list(photos)
    return plan_organize(
        photos,
        FINDER.places(photos),
        parse_template(by),
        source,
        root,
        RealDisk(FILES.same_content),
        mode=mode,
    )


def carry_out(plan: OrganizePlan, home: Path) -> OrganizeReport:
    with Journal(home / "journal.sqlite") as journal, journal.begin("organize", FILES) as run:
        return apply_plan(plan, run)


def take_back(home: Path) -> None:
    with Journal(home / "journal.sqlite") as journal:
        assert undo(journal, None, FILES).refused == []


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, **contents: str) -> Path:
    """Files by name, with two underscores for a dot; returns the folder."""
    for name, content in contents.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "sorted"


def test_photos_go_to_the_folder_of_their_place(source: Path, root: Path, tmp_path: Path) -> None:
    write(source, a__jpg="taj", b__jpg="gps", c__jpg="nowhere")
    plan = plan_of(
        [
            catalog_photo(source / "a.jpg", landmark="taj_mahal"),
            catalog_photo(source / "b.jpg", gps=(48.8606, 2.3376)),
            catalog_photo(source / "c.jpg", landmark="taj_mahal", unknown=True),
        ],
        source,
        root,
    )

    assert plan.counts() == {
        Path("France/Paris/Unknown place"): 1,
        Path("India/Agra/Taj Mahal"): 1,
        Path("Unknown place"): 1,
    }
    assert not root.exists()  # planning changes nothing
    assert carry_out(plan, tmp_path).done == 3
    assert files_in(root) == {
        "France/Paris/Unknown place/b.jpg": b"gps",
        "India/Agra/Taj Mahal/a.jpg": b"taj",
        "Unknown place/c.jpg": b"nowhere",
    }


def test_a_plan_names_each_folder_before_what_goes_into_it(source: Path, root: Path) -> None:
    write(source, a__jpg="taj")
    plan = plan_of([catalog_photo(source / "a.jpg", landmark="taj_mahal")], source, root / "deep")

    folders = [root, root / "deep", *(root / "deep/India/Agra/Taj Mahal").parents[1::-1]]
    folders = [*folders, root / "deep/India/Agra/Taj Mahal"]
    assert plan.changes == (
        *map(MakeFolder, folders),
        CopyFile(source / "a.jpg", folders[-1] / "a.jpg"),
    )


def test_what_belongs_to_a_photo_travels_with_it_and_keeps_its_stem(
    source: Path, root: Path, tmp_path: Path
) -> None:
    for folder, content in ((source / "one", "1"), (source / "two", "2")):
        write(
            folder,
            IMG_1__JPG=f"jpeg {content}",
            IMG_1__CR2=f"raw {content}",
            IMG_1__xmp=f"xmp of the raw {content}",
            IMG_1__JPG__xmp=f"xmp of the jpeg {content}",
            IMG_1__AAE=f"edits {content}",
            IMG_1__MOV=f"live {content}",
            IMG_10__xmp="of another photo",
            notes__txt="a note",
        )
    photos = [
        catalog_photo(source / folder / name, taken=taken, landmark="taj_mahal")
        for folder, taken in (("one", "2024-03-02T10:00:00"), ("two", "2024-03-01T10:00:00"))
        for name in ("IMG_1.CR2", "IMG_1.JPG")
    ]
    carry_out(plan_of(photos, source, root, "{landmark}"), tmp_path)

    assert files_in(root / "Taj Mahal") == {
        "IMG_1-2.AAE": b"edits 1",
        "IMG_1-2.CR2": b"raw 1",
        "IMG_1-2.JPG": b"jpeg 1",
        "IMG_1-2.JPG.xmp": b"xmp of the jpeg 1",
        "IMG_1-2.MOV": b"live 1",
        "IMG_1-2.xmp": b"xmp of the raw 1",
        "IMG_1.AAE": b"edits 2",  # taken a day before
        "IMG_1.CR2": b"raw 2",
        "IMG_1.JPG": b"jpeg 2",
        "IMG_1.JPG.xmp": b"xmp of the jpeg 2",
        "IMG_1.MOV": b"live 2",
        "IMG_1.xmp": b"xmp of the raw 2",
    }


def test_a_pair_goes_where_its_readable_half_says(source: Path, root: Path) -> None:
    write(source, IMG_1__JPG="damaged", IMG_1__NEF="raw")
    plan = plan_of(
        [
            catalog_photo(source / "IMG_1.JPG", error="is damaged"),
            catalog_photo(source / "IMG_1.NEF", landmark="taj_mahal"),
        ],
        source,
        root,
    )

    assert plan.counts() == {Path("India/Agra/Taj Mahal"): 1}
    assert len(plan.steps[0].targets) == 2


def test_a_raw_file_never_meets_the_sidecar_of_another_photo(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source / "a", IMG_1__JPG="jpeg", IMG_1__xmp="of the jpeg")
    write(source / "b", IMG_1__CR2="raw of another day")
    photos = [
        catalog_photo(source / "a/IMG_1.JPG", taken="2024-03-01T10:00:00"),
        catalog_photo(source / "b/IMG_1.CR2", taken="2024-03-02T10:00:00"),
    ]
    carry_out(plan_of(photos, source, root, "all"), tmp_path)

    assert set(files_in(root / "all")) == {"IMG_1.JPG", "IMG_1.xmp", "IMG_1-2.CR2"}


def test_two_photos_of_one_stem_from_one_folder_keep_their_names(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, IMG_1__jpg="a", IMG_1__png="b", IMG_1__jpg__xmp="of the jpeg")
    photos = [catalog_photo(source / name) for name in ("IMG_1.jpg", "IMG_1.png")]
    carry_out(plan_of(photos, source, root, "all"), tmp_path)

    assert set(files_in(root / "all")) == {"IMG_1.jpg", "IMG_1.png", "IMG_1.jpg.xmp"}


def test_names_that_differ_only_in_case_do_not_collide(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, IMG_1__jpg="a", img_1__JPG="b")
    if len(files_in(source)) < 2:
        pytest.skip("this file system ignores case")
    photos = [
        catalog_photo(source / "IMG_1.jpg", taken="2024-03-02T10:00:00", camera="Cam"),
        catalog_photo(source / "img_1.JPG", taken="2024-03-01T10:00:00", camera="CAM"),
    ]
    carry_out(plan_of(photos, source, root, "{camera}"), tmp_path)

    assert files_in(root) == {"CAM/img_1.JPG": b"b", "CAM/IMG_1-2.jpg": b"a"}


def test_organize_never_overwrites_an_existing_file(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, IMG_1__jpg="new", IMG_1__jpg__xmp="new sidecar")
    write(root / "all", IMG_1__JPG="old", IMG_1__jpg__xmp="old sidecar")
    carry_out(plan_of([catalog_photo(source / "IMG_1.jpg")], source, root, "all"), tmp_path)

    assert files_in(root / "all") == {
        "IMG_1-2.jpg": b"new",
        "IMG_1-2.jpg.xmp": b"new sidecar",
        "IMG_1.JPG": b"old",
        "IMG_1.jpg.xmp": b"old sidecar",
    }


def test_what_appears_after_the_plan_is_not_overwritten_either(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, a__jpg="a", a__jpg__xmp="of a", b__jpg="b")
    (root / "all").mkdir(parents=True)
    plan = plan_of(
        [catalog_photo(source / name) for name in ("a.jpg", "b.jpg")], source, root, "all"
    )
    write(root / "all", a__jpg="somebody else's")
    report = carry_out(plan, tmp_path)

    assert report.done == 1
    [(photo, reason)] = report.failed
    assert photo == source / "a.jpg"
    assert "is there already and is left as it is" in reason
    # The sidecar stays with its photo.
    assert files_in(root) == {"all/a.jpg": b"somebody else's", "all/b.jpg": b"b"}


def test_a_photo_that_has_its_place_already_is_known_by_its_content(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source / "a", IMG_1__jpg="one")
    write(source / "b", IMG_1__jpg="two")
    write(source / "c", IMG_1__jpg="one")  # a copy
    photos = [catalog_photo(source / folder / "IMG_1.jpg") for folder in "abc"]
    first = plan_of(photos, source, root, "all")
    carry_out(first, tmp_path)
    again = plan_of(photos, source, root, "all")

    assert first.settled == (source / "c/IMG_1.jpg",)
    assert files_in(root) == {"all/IMG_1.jpg": b"one", "all/IMG_1-2.jpg": b"two"}
    assert again.changes == ()
    assert len(again.settled) == 3


def test_a_sidecar_that_came_later_follows_its_photo(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, a__jpg="a")
    photos = [catalog_photo(source / "a.jpg")]
    carry_out(plan_of(photos, source, root, "all"), tmp_path)
    write(source, a__jpg__xmp="tagged")
    carry_out(plan_of(photos, source, root, "all"), tmp_path)
    assert files_in(root) == {"all/a.jpg": b"a", "all/a.jpg.xmp": b"tagged"}

    write(source, a__jpg__xmp="tagged otherwise")
    plan = plan_of(photos, source, root, "all")

    assert plan.changes == ()
    [(path, reason)] = plan.left
    assert path == source / "a.jpg.xmp"
    assert "is there already, and is not the same" in reason


def test_a_destination_inside_the_source_is_left_alone(source: Path, tmp_path: Path) -> None:
    root = source / "sorted"
    write(source, a__jpg="a")
    carry_out(plan_of([catalog_photo(source / "a.jpg")], source, root, "all"), tmp_path)
    photos = [catalog_photo(source / name) for name in ("a.jpg", "sorted/all/a.jpg")]

    assert plan_of(photos, source, root, "all").changes == ()
    # Sorted anew by something else, only the photo itself goes there.
    assert plan_of(photos, source, root, "{year}").counts() == {Path("Unknown date"): 1}


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_a_library_can_be_organized_in_its_own_place(
    source: Path, tmp_path: Path, mode: Mode
) -> None:
    write(source / "a", IMG_1__jpg="one")
    write(source / "b", IMG_1__jpg="two")

    def photos() -> list[CatalogPhoto]:
        return [catalog_photo(path) for path in sorted(source.rglob("*.jpg"))]

    carry_out(plan_of(photos(), source, source, "all", mode), tmp_path)
    sorted_now = files_in(source / "all")

    assert sorted_now == {"IMG_1.jpg": b"one", "IMG_1-2.jpg": b"two"}
    assert plan_of(photos(), source, source, "all", mode).changes == ()
    assert len(files_in(source)) == (4 if mode == "copy" else 2)


def test_a_folder_that_differs_only_in_case_is_used_and_a_file_in_the_way_is_not(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, a__jpg="a")
    write(root / "INDIA/agra", other__jpg="x")
    (root / "INDIA/agra/taj mahal").write_text("a file")
    photos = [catalog_photo(source / "a.jpg", landmark="taj_mahal")]
    carry_out(plan_of(photos, source, root), tmp_path)

    assert "INDIA/agra/Taj Mahal-2/a.jpg" in files_in(root)
    assert plan_of(photos, source, root).changes == ()


@pytest.mark.parametrize(
    ("mode", "kind", "companion"),
    [("copy", CopyFile, CopyFile), ("link", LinkFile, CopyFile), ("move", MoveFile, MoveFile)],
)
def test_each_mode_does_what_it_says_and_links_no_sidecar(
    source: Path, root: Path, tmp_path: Path, mode: Mode, kind: type, companion: type
) -> None:
    write(source, a__jpg="a", a__jpg__xmp="of a")
    plan = plan_of([catalog_photo(source / "a.jpg")], source, root, "all", mode)
    carry_out(plan, tmp_path)

    assert [type(change) for change in plan.changes[-2:]] == [kind, companion]
    assert files_in(root) == {"all/a.jpg": b"a", "all/a.jpg.xmp": b"of a"}
    assert (source / "a.jpg").exists() == (mode != "move")
    if mode == "link":
        assert (source / "a.jpg").samefile(root / "all/a.jpg")
        assert not (source / "a.jpg.xmp").samefile(root / "all/a.jpg.xmp")


def test_a_photo_that_is_gone_or_unreadable_is_reported_and_the_others_go_on(
    source: Path, root: Path, tmp_path: Path
) -> None:
    write(source, a__jpg="a", b__jpg="b", c__jpg="c")
    plan = plan_of(
        [
            catalog_photo(source / "a.jpg", error="is a truncated JPEG"),
            catalog_photo(source / "b.jpg"),
            catalog_photo(source / "c.jpg"),
            catalog_photo(source / "gone.jpg"),
        ],
        source,
        root,
        "all",
    )
    (source / "b.jpg").unlink()
    report = carry_out(plan, tmp_path)

    assert {path.name: reason for path, reason in plan.skipped} == {
        "a.jpg": "is a truncated JPEG",
        "gone.jpg": f"The photo '{source / 'gone.jpg'}' is not there any more.",
    }
    assert report.done == 1
    assert [path.name for path, _ in report.failed] == ["b.jpg"]
    assert files_in(root) == {"all/c.jpg": b"c"}


def test_names_that_are_no_text_and_names_that_are_full_are_organized_too(
    source: Path, root: Path, tmp_path: Path
) -> None:
    source.mkdir()
    (source / "a").mkdir()
    odd, long = os.fsdecode(b"f\xff\n.jpg"), "x" * 251 + ".jpg"
    for path in (source / odd, source / long, source / "a" / long):
        path.write_bytes(os.fsencode(path))
    photos = [catalog_photo(path) for path in (source / odd, source / long, source / "a" / long)]
    carry_out(plan_of(photos, source, root, "all"), tmp_path)

    assert {path.name for path in (root / "all").iterdir()} == {odd, long, "x" * 249 + "-2.jpg"}


# Generated libraries: folders, stems and contents from a handful, so that all of it collides.

STEMS = ("IMG_1", "img_1", "IMG_1-2", "Café", "Cafe\u0301", "x.y")
SUFFIXES = (".jpg", ".JPG", ".png", ".CR2", ".heic")
BESIDE = (".xmp", ".jpg.xmp", ".CR2.xmp", ".AAE", ".MOV", ".txt")
WHERE = (
    {},
    {"landmark": "taj_mahal"},
    {"landmark": "eiffel_tower", "gps": (36.1126, -115.1722)},
    {"gps": (48.8606, 2.3376)},
    {"landmark": "machu_picchu", "unknown": True},
)
CAMERAS = ("", "Canon", "CANON", "../../a:b", "con", "Sony\u202e.")
TIMES = (None, "2024-03-01T10:00:00", "2024-03-01T10:05:00", "2023-12-31T23:59:59+09:00")
TEMPLATES = (
    BY_PLACE,
    "{year}/{month}-{day}",
    "{camera}",
    "{country} {year}/{region}",
    "all",
)

folders = st.sampled_from(("", "a", "A", "b", "a/b"))
contents = st.sampled_from((b"", b"one", b"two", b"three"))
names = st.builds(str.__add__, st.sampled_from(STEMS), st.sampled_from(SUFFIXES + BESIDE))
trees = st.dictionaries(st.tuples(folders, names), contents, max_size=14)
facts = st.fixed_dictionaries(
    {
        "where": st.sampled_from(WHERE),
        "taken": st.sampled_from(TIMES),
        "camera": st.sampled_from(CAMERAS),
    }
)


def build(folder: Path, tree: dict[tuple[str, str], bytes]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / inner / name for inner, name in tree]
    for number, (path, content) in enumerate(zip(paths, tree.values(), strict=True)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod((0o644, 0o600, 0o444)[number % 3])
        os.utime(path, ns=(10**18 + number, 10**18 + number))
    return paths


def library(paths: Iterable[Path], drawn: st.DataObject) -> list[CatalogPhoto]:
    """What the catalog says: the same of equal contents, as it does."""
    said: dict[tuple[bytes, str], dict[str, object]] = {}
    photos: list[CatalogPhoto] = []
    for path in sorted(paths):
        if path.suffix in SUFFIXES and path.is_file():
            content = path.read_bytes()
            if (content, path.suffix) not in said:
                said[content, path.suffix] = drawn.draw(facts)
            fact = said[content, path.suffix]
            where = fact["where"]
            assert isinstance(where, dict)
            photos.append(
                catalog_photo(path, **where, taken=fact["taken"], camera=fact["camera"])  # pyright: ignore[reportArgumentType]
            )
    return photos


def check_plan(plan: OrganizePlan, root: Path, before: Iterable[str]) -> None:
    """Nothing goes where something is or will be, and everything goes below the root."""
    taken = {(str(Path(path).parent), folded(Path(path).name)) for path in before}
    for change in plan.changes:
        target = change.path if isinstance(change, MakeFolder) else change.target  # pyright: ignore[reportAttributeAccessIssue]
        assert target == root or root in target.parents
        relative = target.relative_to(root)
        assert ".." not in relative.parts
        key = str(relative.parent), folded(relative.name)
        assert key not in taken
        taken.add(key)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tree=trees,
    there=trees,
    by=st.sampled_from(TEMPLATES),
    mode=st.sampled_from(("copy", "link", "move")),
    place=st.sampled_from(("beside", "inside", "same", "above")),
    drawn=st.data(),
)
def test_whatever_the_library_organizing_overwrites_nothing_comes_back_and_is_done_once(
    tree: dict[tuple[str, str], bytes],
    there: dict[tuple[str, str], bytes],
    by: str,
    mode: Mode,
    place: str,
    drawn: st.DataObject,
) -> None:
    with quick_folder() as temporary:
        top = Path(temporary) / "top"
        top.mkdir()
        source = top / "inner" if place == "above" else top
        root = {"beside": Path(temporary) / "sorted", "inside": top / "sorted"}.get(place, top)
        paths = build(source, tree)
        if there and place != "same":
            root.mkdir(exist_ok=True)
            paths += build(root / "India", there)
        photos = library({path for path in paths if path.is_relative_to(source)}, drawn)
        before, in_root = tree_of(Path(temporary)), tree_of(root)
        plan = plan_of(photos, source, root, by, mode)
        assert tree_of(Path(temporary)) == before
        check_plan(plan, root, in_root)

        report = carry_out(plan, Path(temporary) / "home")
        after = tree_of(Path(temporary))
        assert report.failed == ()
        # Each photo is in its place; all that was there before is there, or was moved.
        for photo in photos:
            content = before[str(photo.path.relative_to(temporary))]
            assert content in (tree_of(root) | tree_of(source)).values()
        untouched = {
            path: state
            for path, state in before.items()
            if mode != "move" or not Path(temporary, path).is_relative_to(source)
        }
        assert untouched.items() <= after.items()

        again = [photo for photo in photos if photo.path.exists()]
        assert plan_of(again, source, root, by, mode).changes == ()

        if plan.changes:
            take_back(Path(temporary) / "home")
        now = tree_of(Path(temporary))
        assert {path: state for path, state in now.items() if not path.startswith("home")} == before
