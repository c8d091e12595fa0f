"""Enrolled landmarks on disk: whole or not there, several writers, nothing believed unseen."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from enrolled_landmarks import CASTLE, NETWORK, enrolled, same, vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from whereshot.errors import BundleError, EnrollmentError
from whereshot.recognize import EnrolledStore, enrolled_for, read_bundle, store_of
from whereshot.recognize import enrolled as enrolled_module
from whereshot.recognize._enrolled_file import (
    landmark_from_bytes,
    landmark_to_bytes,
    landmarks_from_bytes,
)
from whereshot.recognize.enrolled import model_sha256_of, read_export
from whereshot.recognize.enrolled_landmark import MOST_PHOTOS, EnrolledLandmark
from whereshot.records import Landmark

TOWER = dataclasses.replace(CASTLE, id="round_tower", name="Round Tower", aliases=())


@pytest.fixture
def store(tmp_path: Path) -> EnrolledStore:
    return EnrolledStore(tmp_path / "home" / "enrolled" / "tiny")


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the lock, which is empty and says nothing."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


# -- a store ---------------------------------------------------------------------------------


def test_a_store_that_is_not_there_is_empty_and_stays_away(store: EnrolledStore) -> None:
    assert store.read() == ()
    assert store.ids() == ()
    assert store.get("blarney_castle") is None
    assert not store.forget("blarney_castle")
    assert not store.folder.exists()


def test_what_is_added_is_read_back_sorted_by_id(store: EnrolledStore) -> None:
    castle, tower = enrolled(), enrolled(TOWER, "inside")
    store.add(tower)
    store.add(castle)
    first, second = store.read()
    assert same(first, castle)
    assert same(second, tower)
    assert sorted(content_of(store.folder)) == ["blarney_castle.npz", "round_tower.npz"]


def test_photos_are_added_to_a_landmark_that_is_there_each_once(store: EnrolledStore) -> None:
    store.add(enrolled(CASTLE, "front", "back"))
    (joined,) = store.add(enrolled(CASTLE, "back", "tower"))
    assert joined.photos == 3
    assert joined.digests == enrolled(CASTLE, "front", "back", "tower").digests
    np.testing.assert_array_equal(
        joined.embeddings, enrolled(CASTLE, "front", "back", "tower").embeddings
    )
    assert joined.pictures == (b"\xff\xd8front", b"\xff\xd8back", b"\xff\xd8tower")
    (there,) = store.read()
    assert same(there, joined)


def test_what_is_newly_said_of_a_landmark_wins_and_what_is_not_said_stays(
    store: EnrolledStore,
) -> None:
    store.add(enrolled())
    moved = dataclasses.replace(
        CASTLE, latitude=52.0, city="", wikidata="", aliases=("The Blarney",), radius_km=0.7
    )
    (joined,) = store.add(enrolled(moved, "night"))
    assert (joined.landmark.latitude, joined.landmark.radius_km) == (52.0, 0.7)
    assert (joined.landmark.city, joined.landmark.wikidata) == ("Cork", "Q883998")
    assert joined.landmark.aliases == ("Caisleán na Blarnan", "The Blarney")


def test_a_picture_that_was_left_out_is_filled_in_when_it_comes(store: EnrolledStore) -> None:
    store.add(enrolled().without_pictures())
    (joined,) = store.add(enrolled())
    assert joined.photos == 3
    assert joined.pictures == enrolled().pictures


def test_photos_of_another_network_are_not_mixed_in(store: EnrolledStore) -> None:
    store.add(enrolled())
    before = content_of(store.folder)
    for other in (
        enrolled(CASTLE, "night", model_sha256="0" * 64, bundle="tiny@2"),
        enrolled(
            CASTLE,
            "night",
            embeddings=vectors(1, size=5),
            prototypes=vectors(1, size=5),
        ),
    ):
        with pytest.raises(EnrollmentError, match=r"another network .* enroll --refresh"):
            store.add(enrolled(TOWER), other)
    assert content_of(store.folder) == before, "and of the other landmark nothing was written"


def test_more_photos_than_one_landmark_takes_are_refused(store: EnrolledStore) -> None:
    store.add(enrolled(CASTLE, *(f"a{number}" for number in range(MOST_PHOTOS))))
    with pytest.raises(EnrollmentError, match=f"500 photos, and 1 more .* {MOST_PHOTOS} is the"):
        store.add(enrolled(CASTLE, "one more"))


def test_replacing_does_not_ask_what_was_there(store: EnrolledStore) -> None:
    store.add(enrolled())
    (store.folder / "blarney_castle.npz").write_bytes(b"damaged")
    new = enrolled(CASTLE, "night")
    store.replace(new)
    (there,) = store.read()
    assert same(there, new)


def test_a_change_is_written_where_there_is_something_to_change(store: EnrolledStore) -> None:
    assert store.change("blarney_castle", lambda entry: entry) is None
    store.add(enrolled())
    changed = store.change(
        "blarney_castle", lambda entry: dataclasses.replace(entry, created="2027-01-01")
    )
    assert changed is not None
    assert store.read()[0].created == "2027-01-01"


def test_forgetting_leaves_the_others(store: EnrolledStore) -> None:
    store.add(enrolled(), enrolled(TOWER))
    assert store.forget("blarney_castle")
    assert not store.forget("blarney_castle")
    assert store.ids() == ("round_tower",)


@pytest.mark.parametrize("name", ["..", "../victim", "a/b", "", ".lock", "nowhere\0"])
def test_an_id_leads_nowhere_out_of_the_folder(store: EnrolledStore, name: str) -> None:
    store.add(enrolled())
    victim = store.folder.parent / "victim.npz"
    victim.write_bytes(b"mine")
    assert not store.forget(name)
    assert store.get(name) is None
    assert victim.read_bytes() == b"mine"
    with pytest.raises(ValueError, match="id"):
        enrolled(dataclasses.replace(CASTLE, id=name or " "))


def test_a_damaged_file_is_an_error_or_skipped_and_can_be_forgotten(store: EnrolledStore) -> None:
    store.add(enrolled(), enrolled(TOWER))
    (store.folder / "blarney_castle.npz").write_bytes(b"PK\3\4 and so on")
    with pytest.raises(EnrollmentError, match=r"blarney_castle\.npz.*forget blarney_castle"):
        store.read()
    told: list[str] = []
    assert [entry.landmark.id for entry in store.read(skip=told.append)] == ["round_tower"]
    (message,) = told
    assert "blarney_castle.npz" in message
    with pytest.raises(EnrollmentError):
        store.add(enrolled())  # what is there can't be joined with it, and is not thrown away
    assert store.forget("blarney_castle")
    assert len(store.read()) == 1


def test_a_file_under_the_name_of_another_landmark_is_refused(store: EnrolledStore) -> None:
    store.add(enrolled())
    (store.folder / "blarney_castle.npz").rename(store.folder / "other.npz")
    with pytest.raises(EnrollmentError, match=r"holds 'blarney_castle', expected 'other'.*Rename"):
        store.read()


def test_what_is_no_file_is_refused_without_waiting(store: EnrolledStore) -> None:
    store.add(enrolled(TOWER))
    os.mkfifo(store.folder / "pipe.npz")
    (store.folder / "folder.npz").mkdir()
    told: list[str] = []
    assert len(store.read(skip=told.append)) == 1
    assert all("is not a file" in message for message in told)
    assert len(told) == 2


def test_a_file_beyond_the_limit_is_not_read(
    store: EnrolledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(enrolled())
    monkeypatch.setattr(enrolled_module, "LARGEST_FILE", 100)
    with pytest.raises(EnrollmentError, match="bytes, the limit is 100"):
        store.read()


def test_leftovers_of_a_crash_are_not_read_and_are_swept(store: EnrolledStore) -> None:
    store.add(enrolled())
    leftover = store.folder / ".blarney_castle.0123.tmp"
    leftover.write_bytes(b"half")
    assert len(store.read()) == 1
    store.add(enrolled(TOWER))
    assert not leftover.exists()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_what_was_there(
    store: EnrolledStore, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    store.add(enrolled())
    before = content_of(store.folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(enrolled_module.os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(EnrollmentError, match="can't be written to: No space left"):
        store.add(enrolled(CASTLE, "night"), enrolled(TOWER))
    monkeypatch.undo()
    assert content_of(store.folder) == before
    assert len(store.read()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(store: EnrolledStore) -> None:
    store.folder.mkdir(parents=True)
    store.folder.chmod(0o500)
    try:
        with pytest.raises(EnrollmentError, match=r"can't be written to.*WHERESHOT_HOME"):
            store.add(enrolled())
    finally:
        store.folder.chmod(0o700)


def test_a_file_in_the_folder_s_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    store = EnrolledStore(tmp_path / "home" / "enrolled")
    assert store.read() == ()
    with pytest.raises(EnrollmentError, match=r"can't be written to.*WHERESHOT_HOME"):
        store.add(enrolled())


# -- several writers -------------------------------------------------------------------------

WRITER = """
import sys
from enrolled_landmarks import CASTLE, enrolled
from whereshot.recognize import EnrolledStore
import dataclasses
folder, who = sys.argv[1], sys.argv[2]
store = EnrolledStore(folder)
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    store.add(enrolled(CASTLE, f"{who} {number}"))
    own = dataclasses.replace(CASTLE, id=f"own_{who}_{number}", name=f"Own {who} {number}")
    store.add(enrolled(own))
    if number % 4 == 3:
        store.forget(f"own_{who}_{number}")
"""


def test_processes_that_enroll_at_once_lose_nothing(store: EnrolledStore) -> None:
    support = Path(__file__).parents[1] / "support"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, store.folder, who],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(support)},
        )
        for who in ("a", "b", "c")
    ]
    for writer in writers:  # all of them stand ready before the first one begins
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    seen = 0
    while any(writer.poll() is None for writer in writers):
        photos = {entry.landmark.id: entry.photos for entry in store.read()}  # whole at any time
        assert photos.get("blarney_castle", 0) >= seen, "photos were lost"
        seen = photos.get("blarney_castle", 0)
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    entries = {entry.landmark.id: entry for entry in store.read()}
    assert entries.pop("blarney_castle").photos == 36
    assert sorted(entries) == sorted(
        f"own_{who}_{number}" for who in "abc" for number in range(12) if number % 4 != 3
    )
    assert not list(store.folder.glob(".*.tmp"))


def test_who_waits_too_long_for_the_lock_is_told(
    store: EnrolledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolled_module, "LOCK_SECONDS", 0.05)
    with (
        store._locked(),
        pytest.raises(EnrollmentError, match="Another whereshot has kept"),
    ):
        EnrolledStore(store.folder).add(enrolled())
    store.add(enrolled())
    assert len(store.read()) == 1


# -- files -----------------------------------------------------------------------------------

names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)


@st.composite
def entries(draw: st.DrawFn) -> EnrolledLandmark:
    count = draw(st.integers(1, 6))
    size = draw(st.integers(1, 8))
    words = draw(st.lists(st.integers(0, 2**32), min_size=count, max_size=count, unique=True))
    found = vectors(count, size, seed=draw(st.integers(0, 99)))
    picture = st.one_of(st.just(b""), st.binary(max_size=40).map(lambda tail: b"\xff\xd8" + tail))
    return enrolled(
        Landmark(
            id="_".join(draw(st.lists(st.from_regex("[a-z0-9]{1,9}", fullmatch=True), min_size=1,
                                      max_size=4))),
            name=draw(names),
            latitude=draw(st.floats(-90, 90)),
            longitude=draw(st.floats(-180, 180)),
            radius_km=draw(st.floats(0, 1e4)),
            country=draw(names),
            country_code=draw(st.sampled_from(["", "IE", "NP"])),
            city=draw(names),
            wikidata=draw(st.sampled_from(["", "Q1"])),
            kind=draw(st.sampled_from(["built", "natural"])),
            aliases=tuple(draw(st.lists(names, max_size=3))),
        ),
        *map(str, words),
        embeddings=found,
        prototypes=found[: draw(st.integers(1, count))],
        pictures=tuple(draw(st.lists(picture, min_size=count, max_size=count))),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(entry=entries())
def test_a_landmark_survives_its_file(entry: EnrolledLandmark) -> None:
    content = landmark_to_bytes(entry)
    assert same(landmark_from_bytes(content, "here"), entry)
    assert landmark_to_bytes(entry) == content, "equal landmarks make equal files"


CONTENT = landmark_to_bytes(enrolled())


def read_or_refuse(content: bytes) -> None:
    """Bytes are read as what they were, or refused; nothing else may come of them."""
    try:
        found = landmark_from_bytes(content, "here")
    except EnrollmentError:
        return
    assert same(found, enrolled())


def test_every_truncation_is_refused() -> None:
    for length in range(len(CONTENT)):
        with pytest.raises(EnrollmentError):
            landmark_from_bytes(CONTENT[:length], "here")


@settings(max_examples=300, deadline=None)
@given(
    flips=st.lists(
        st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 255)), min_size=1, max_size=4
    )
)
def test_flipped_bits_are_refused_or_make_no_difference(flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(CONTENT)
    for place, bits in flips:
        damaged[place] ^= bits
    read_or_refuse(bytes(damaged))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_from_anywhere_are_refused(content: bytes) -> None:
    with pytest.raises(EnrollmentError):
        landmark_from_bytes(content, "here")


def archive(
    members: dict[str, bytes], compression: int = zipfile.ZIP_STORED, path: Path | None = None
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    if path is not None:
        path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


def members_of(content: bytes = CONTENT) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def npy(array: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def with_manifest(change: Callable[[dict[str, Any]], object]) -> bytes:
    members = members_of()
    manifest = json.loads(members["landmark.json"])
    change(manifest)
    return archive(members | {"landmark.json": json.dumps(manifest).encode()})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: m.update(schema="2.0"), "schema '2.0'.*update"),
        (lambda m: m.update(schema=1), "schema must be a str"),
        (lambda m: m.pop("created"), "created must be a str"),
        (lambda m: m.update(created="yesterday"), "yesterday"),
        (lambda m: m.update(bundle="../../x"), "bundle must be like world@2"),
        (lambda m: m.update(model_sha256="ABC"), "model_sha256 must be 64"),
        (lambda m: m.update(digests=m["digests"][:1] * 3), "digests must be different"),
        (lambda m: m.update(digests=m["digests"][:2]), "each of the 2 photos"),
        (lambda m: m.update(digests=[]), "number of photos must be in"),
        (lambda m: m.update(digests=[1, 2, 3]), "digests must be a list of strings"),
        (lambda m: m.update(landmark=[]), "landmark must be a dict"),
        (lambda m: m["landmark"].update(id="../../etc/passwd"), "id must be lower-case"),
        (lambda m: m["landmark"].update(id="con:"), "id must be lower-case"),
        (lambda m: m["landmark"].update(id="a" * 101), "at most 100 characters"),
        (lambda m: m["landmark"].update(name="Castle\n\x1b[2J"), "must be printable"),
        (lambda m: m["landmark"].update(name=""), "needs an id and a name"),
        (lambda m: m["landmark"].update(latitude=91), "latitude must be in"),
        (lambda m: m["landmark"].update(latitude=True), "latitude must be a number"),
        (lambda m: m["landmark"].update(radius_km="1"), "radius_km must be a number"),
        (lambda m: m["landmark"].update(radius_km=float("nan")), "NaN is not a JSON number"),
        (lambda m: m["landmark"].update(latitude=10**400), "too large"),
        (lambda m: m["landmark"].update(country_code="Eire"), "country_code must be two"),
        (lambda m: m["landmark"].update(wikidata="http://x"), "wikidata must be an item"),
        (lambda m: m["landmark"].update(kind="ruin"), "kind must be natural or built"),
        (lambda m: m["landmark"].update(aliases=[" "]), "must not be blank"),
        (lambda m: m["landmark"].update(aliases="abc"), "aliases must be a list"),
        (lambda m: m["landmark"].update(aliases=["a"] * 101), "at most 100, got 101"),
    ],
)
def test_each_field_is_checked(change: Callable[[dict[str, Any]], object], expected: str) -> None:
    with pytest.raises(EnrollmentError, match=expected):
        landmark_from_bytes(with_manifest(change), "here")


class _Mine:
    def __reduce__(self) -> Any:
        return os.system, ("echo pwned",)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("embeddings", npy(2 * vectors(3)), "embeddings must be L2-normalized"),
        ("embeddings", npy(vectors(3) * np.float32("nan")), "must be L2-normalized"),
        ("embeddings", npy(vectors(3).astype("f8")), "must be float32"),
        ("embeddings", npy(vectors(3).ravel()), "of 2 dimensions"),
        ("embeddings", npy(vectors(2)), "one embedding"),
        ("embeddings", npy(np.asfortranarray(vectors(3))), "must be float32"),
        ("embeddings", npy(vectors(3)) + b"more", "which its 52 bytes are not"),
        ("embeddings", npy(np.array([_Mine()]), allow_pickle=True), "must be float32"),
        ("embeddings", b"\x93NUMPY\1\0\2\0{}", "damaged"),
        ("prototypes", npy(vectors(1, size=5)), r"prototypes must be \(at most 3, 4\)"),
        ("prototypes", npy(vectors(4)), "prototypes must be"),
        ("prototypes", npy(np.zeros((0, 4), "f4")), "prototypes must be float32"),
        ("pictures", npy(np.zeros(99, "u1")), "must add up"),
        ("picture_sizes", npy(np.array([-1, 9, 9])), "picture_sizes must be"),
        ("picture_sizes", npy(np.array([2**62, 2**62, 2**63 - 1])), "picture_sizes must be"),
        ("picture_sizes", npy(np.array([0, 0])), "must add up"),
    ],
)
def test_each_array_is_checked(name: str, content: bytes, expected: str) -> None:
    with pytest.raises(EnrollmentError, match=expected):
        landmark_from_bytes(archive(members_of() | {f"{name}.npy": content}), "here")


def test_an_array_that_claims_to_be_huge_gets_no_memory() -> None:
    header = str({"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 1 << 20)})
    text = header.encode().ljust(117) + b"\n"
    huge = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text
    with pytest.raises(EnrollmentError, match="is said to be"):
        landmark_from_bytes(archive(members_of() | {"embeddings.npy": huge}), "here")


def test_an_archive_that_unfolds_is_refused_before_it_does() -> None:
    bomb = archive(members_of() | {"pictures.npy": bytes(1 << 24)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 17
    with pytest.raises(EnrollmentError, match=r"claim to be larger|are compressed"):
        landmark_from_bytes(bomb, "here")


def test_pictures_must_be_jpeg_and_small() -> None:
    for picture, expected in ((b"GIF89a", "JPEG"), (b"\xff\xd8" + bytes(1 << 20), "at most")):
        with pytest.raises(ValueError, match=expected):
            enrolled(pictures=(b"", b"", picture))


def test_an_error_is_one_of_bundles() -> None:
    assert issubclass(EnrollmentError, BundleError)


# -- a file to pass on -----------------------------------------------------------------------


def test_what_is_exported_is_read_back_without_pictures(
    store: EnrolledStore, tmp_path: Path
) -> None:
    store.add(enrolled(), enrolled(TOWER, "inside"))
    target = tmp_path / "castles.whereshot"
    written = store.export_to(target)
    assert len(written) == 2
    castle, tower = read_export(target)
    assert same(castle, enrolled().without_pictures())
    assert same(tower, enrolled(TOWER, "inside").without_pictures())
    assert b"\xff\xd8front" not in target.read_bytes()


def test_pictures_and_a_choice_of_landmarks_are_exported_on_request(
    store: EnrolledStore, tmp_path: Path
) -> None:
    store.add(enrolled(), enrolled(TOWER))
    store.export_to(tmp_path / "one", ["round_tower"], with_pictures=True)
    (tower,) = read_export(tmp_path / "one")
    assert same(tower, enrolled(TOWER))


def test_an_export_takes_nobody_s_place(store: EnrolledStore, tmp_path: Path) -> None:
    store.add(enrolled())
    (tmp_path / "there").write_text("my diary")
    for target, expected in (
        (tmp_path / "there", "is there already"),
        (tmp_path, "is there already"),
        (tmp_path / "no" / "folder", "can't be written: No such file"),
    ):
        with pytest.raises(EnrollmentError, match=expected):
            store.export_to(target)
    assert (tmp_path / "there").read_text() == "my diary"


def test_every_truncation_of_an_export_is_refused(store: EnrolledStore, tmp_path: Path) -> None:
    store.add(enrolled(), enrolled(TOWER))
    store.export_to(tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    for length in range(len(content)):
        with pytest.raises(EnrollmentError):
            landmarks_from_bytes(content[:length], "here")


def test_nothing_to_export_is_an_error(store: EnrolledStore, tmp_path: Path) -> None:
    with pytest.raises(EnrollmentError, match="No landmark is enrolled"):
        store.export_to(tmp_path / "file")
    store.add(enrolled())
    for ids in (["nowhere"], ["blarney_castle", "nowhere"]):
        with pytest.raises(EnrollmentError, match="No landmark 'nowhere' is enrolled"):
            store.export_to(tmp_path / "file", ids)
    assert not (tmp_path / "file").exists()


def test_a_landmark_s_own_file_can_be_passed_on_too(store: EnrolledStore) -> None:
    store.add(enrolled())
    (entry,) = read_export(store.folder / "blarney_castle.npz")
    assert same(entry, enrolled())


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, "holds nothing"),
        ({"../blarney_castle.npz": CONTENT}, "calls 'blarney_castle' '../blarney_castle.npz'"),
        ({"round_tower.npz": CONTENT}, "calls 'blarney_castle' 'round_tower.npz'"),
        ({"blarney_castle.npz": CONTENT, "virus.exe": b"MZ"}, "holds blarney_castle.npz, virus"),
        ({"blarney_castle.npz": CONTENT[:-9]}, "'blarney_castle.npz' is damaged"),
        ({"a.npz": archive({"b.npz": CONTENT})}, "holds b.npz"),
    ],
)
def test_an_export_with_anything_else_in_it_is_refused(
    tmp_path: Path, members: dict[str, bytes], expected: str
) -> None:
    archive(members, path=tmp_path / "file")
    with pytest.raises(EnrollmentError, match=expected):
        read_export(tmp_path / "file")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnrollmentError, match="There is no file"):
        read_export(tmp_path / "nowhere")
    with pytest.raises(EnrollmentError, match="is not a file"):
        read_export(tmp_path)


# -- what a bundle can use -------------------------------------------------------------------


def test_a_bundle_uses_what_its_own_network_learned(tiny_bundle: Path, own_home: Path) -> None:
    bundle = read_bundle(tiny_bundle)
    store = store_of(bundle)
    assert store.folder == own_home / "enrolled" / "tiny"
    fits = {"model_sha256": model_sha256_of(bundle)}
    three = {"embeddings": vectors(3, size=3), "prototypes": vectors(1, size=3)}
    store.add(
        enrolled(**fits, **three),
        enrolled(TOWER, **three),
        enrolled(dataclasses.replace(TOWER, id="wrong_size"), **fits),
        enrolled(dataclasses.replace(TOWER, id="machu_picchu", name="Machu"), **fits, **three),
    )
    (store.folder / "damaged.npz").write_bytes(b"")
    told: list[str] = []
    usable = enrolled_for(bundle, told.append)
    assert [entry.landmark.id for entry in usable] == ["blarney_castle"]
    assert len(told) == 4
    assert any("damaged.npz" in message for message in told)
    assert sum("another network" in message for message in told) == 2
    assert any("tiny@1 knows 'Machu' itself" in message for message in told)


def test_the_network_of_a_bundle_is_told_by_its_bytes(tiny_bundle: Path) -> None:
    import hashlib

    bundle = read_bundle(tiny_bundle)
    assert model_sha256_of(bundle) == hashlib.sha256(bundle.model_path.read_bytes()).hexdigest()
    assert model_sha256_of(bundle) != NETWORK
