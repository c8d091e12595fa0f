"""Files here and elsewhere behind one object."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import fs

from whereshot.errors import BatchError, MissingExtraError
from whereshot.scale.batch.storage import Opener, Place, locate


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """The URL of a ZIP archive with two files."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("in/x.txt", b"ex")
        packed.writestr("in/y.txt", b"why")
    return f"::file://{tmp_path}/a.zip"


@pytest.mark.parametrize(
    ("text", "path", "name"),
    [
        ("photos/a.jpg", "photos/a.jpg", "photos/a.jpg"),
        ("photos/", "photos", "photos"),
        ("file:///tmp/my%20photos/a.jpg", "/tmp/my photos/a.jpg", "/tmp/my photos/a.jpg"),
        ("memory://a/b c.jpg", "/a/b c.jpg", "memory://a/b c.jpg"),
        ("s3://bucket/a b%.jpg?region=eu-west-1", "bucket/a b%.jpg", "s3://bucket/a b%.jpg"),
        ("s3://bucket/img?.jpg?region=eu-west-1", "bucket/img?.jpg", "s3://bucket/img?.jpg"),
    ],
)
def test_a_place_has_a_path_in_its_file_system_and_a_name(text: str, path: str, name: str) -> None:
    place = locate(text)
    assert (place.path, place.name) == (path, name)


def test_a_place_in_an_archive_is_read_and_survives_the_way_to_another_process(
    archive: str,
) -> None:
    place = pickle.loads(pickle.dumps(locate(f"zip://in/x.txt{archive}")))
    assert place.read() == b"ex"
    assert place.name == f"zip://in/x.txt{archive}"
    files, folders = locate(f"zip://{archive}").children()
    assert ([each.path for each in files], [each.path for each in folders]) == ([], ["in"])


def test_an_opener_finds_files_of_file_systems_that_it_knows_and_of_others(archive: str) -> None:
    known = locate(f"zip://in/x.txt{archive}")
    opener = Opener(known)
    found = opener.find(f"zip://in/y.txt{archive}")
    assert found.read() == b"why"
    assert found.filesystem is known.filesystem
    fsspec.filesystem("memory").pipe("/there/z", b"zed")
    assert opener.find("memory://there/z").read() == b"zed"
    assert opener.find("memory://there/z").filesystem is opener.find("memory://there/x").filesystem


def test_settings_of_a_url_hold_for_the_others_in_its_bucket() -> None:
    known = locate("s3://bucket/photos?region=eu-west-1&endpoint_override=localhost:1")
    assert "?" not in known.name
    found = Opener(known).find("s3://bucket/photos/a.jpg")
    assert (found.filesystem, found.path) == (known.filesystem, "bucket/photos/a.jpg")


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    place = locate(tmp_path / "new" / "folder" / "file")
    place.write(b"first")
    place.write(memoryview(b"second"))
    assert place.read() == b"second"
    assert [each.name for each in (tmp_path / "new/folder").iterdir()] == ["file"]


@pytest.mark.parametrize("there", [b"before", None])
def test_what_can_t_be_written_leaves_what_was_there_and_no_rest(
    tmp_path: Path, there: bytes | None
) -> None:
    place = locate(tmp_path / "file")
    if there is not None:
        place.write(there)
    with pytest.raises(TypeError):
        place.write("text is not bytes")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([there] if there else [])


def test_the_memory_of_fsspec_is_written_and_listed() -> None:
    place = locate("memory://some/where/file")
    place.write(b"content")
    assert place.read() == b"content"
    assert place.kind() == "file"
    assert [each.name for each in locate("memory://some/where").children()[0]] == [place.name]


@pytest.mark.parametrize("protocol", ["memory", ("gs", "gcs"), ("slow", "slower")])
def test_what_a_bucket_takes_in_one_request_is_not_written_twice(
    protocol: str | tuple[str, ...],
) -> None:
    class Bucket(MemoryFileSystem):
        cachable = False

        def mv(self, *paths: str, **options: object) -> None:
            moved.extend(paths)
            super().mv(*paths, **options)

    Bucket.protocol = protocol
    moved: list[str] = []
    place = Place(fs.PyFileSystem(fs.FSSpecHandler(Bucket())), f"/put/{protocol[0]}")
    place.write(b"content")
    assert place.read() == b"content"
    assert bool(moved) == ("slow" in protocol)


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "back").symlink_to(tmp_path)
    assert locate(tmp_path / "inner").children() == ([], [])


def test_a_url_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BatchError, match=r"'nowhere://x' is no URL .* Check its spelling"):
        locate("nowhere://x")


def test_a_url_whose_package_is_missing_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def wanting(url: str) -> None:
        raise ImportError("Install azurefs to access it")

    monkeypatch.setattr("fsspec.core.url_to_fs", wanting)
    with pytest.raises(
        MissingExtraError, match=r"'az://box/x' needs one more package: Install azurefs"
    ):
        locate("az://box/x")
